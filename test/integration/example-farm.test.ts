import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readFailures } from "../../examples/farm/failures.js";
import { until } from "../support/idle-farm.js";
import { processesOf, root, runFarm, temporaryFolder } from "../support/run-farm.js";

test("the example's jobs and callbacks do what they are there to show", async () => {
  const run = await runFarm();
  expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: "" });
  expect(run.jobs).toEqual({
    "shot010 scene files": "complete",
    "shot010 render": "complete",
    "shot010 contact sheet": "complete",
    "shot020 simulation": "failed",
    "shot020 render": "killed",
    "nightly report": "complete",
  });

  // Every callback ran as often as its trigger says, and asked for what it should.
  const callbacks = run.stdout.slice(run.stdout.indexOf("\nCallbacks\n"), run.stdout.indexOf("\nMails"));
  const runs = [...callbacks.matchAll(/^ {2}(\S+) +(\d+) runs?, +(\d+) succeeded$/gm)].map(([, ...rest]) => rest);
  expect(runs).toEqual([
    ["submitted.py", "6", "6"],
    ["mail-status.qcb", "6", "6"],
    ["logFailuresToDB.py", "1", "1"],
    ["checkWork.pl", "23", "23"],
    ["release.qcb", "1", "1"],
    ["cancel.qcb", "1", "1"],
    ["composite.qcb", "1", "1"],
  ]);
  expect([...callbacks.matchAll(/asked: (.*)/g)].map(([, request]) => request).sort()).toEqual([
    "kill job 1005",
    "requeue work 1002:5",
    "retry work 1002:3",
    "retry work 1004:solve",
    "unblock job 1002",
    "unblock job 1003",
  ]);

  expect(readFileSync(join(run.output, "submitted.txt"), "utf8").trim().split("\n").sort()).toEqual([
    "submitted 1001: shot010 scene files",
    "submitted 1002: shot010 render",
    "submitted 1003: shot010 contact sheet",
    "submitted 1004: shot020 simulation",
    "submitted 1005: shot020 render",
    "submitted 1006: nightly report",
  ]);

  const failures = await readFailures(join(run.output, "failures.db"));
  expect(failures).toEqual([
    {
      jobid: 1004,
      name: "shot020 simulation",
      user: "ben",
      event: "failed-job-1004",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      runid: expect.stringMatching(/^[0-9A-Z]{26}$/),
    },
  ]);
  expect(run.stdout).toContain("Rows in the failure database: 1\n");

  const mails = readdirSync(join(run.output, "mail")).map((file) =>
    readFileSync(join(run.output, "mail", file), "utf8"),
  );
  const subjects = mails.map((mail) => `${/^To: (.*)\r$/m.exec(mail)?.[1]} ${/^Subject: (.*)\r$/m.exec(mail)?.[1]}`);
  expect(subjects.sort()).toEqual([
    "ana@farm.example job 1001 (shot010 scene files): complete",
    "ana@farm.example job 1002 (shot010 render): complete",
    "ana@farm.example job 1003 (shot010 contact sheet): complete",
    "ben@farm.example job 1005 (shot020 render): killed",
    "fx-team@farm.example job 1004 (shot020 simulation): failed",
    "wrangler@farm.example job 1006 (nightly report): complete",
  ]);
  expect(run.stdout).toContain("Mails received: 6\n");

  // The frame that failed and the one that was empty were really done again, and the last job used them all.
  const log = run.callbackLog(1002);
  expect(log).toContain("complaint: its status is failed: exit 1");
  expect(log).toMatch(/complaint: its result \S+render\.5\.pgm is empty/);
  const sheet = readFileSync(join(run.output, "project/shot010/contact-sheet.pgm"), "utf8");
  expect(sheet.split("\n").slice(0, 2)).toEqual(["P2", "288 48"]);
  expect(run.callbackLog(1004)).toContain("left as it is after 2 attempts");
  expect(run.stdout).toMatch(/work 1004:solve: timeout/);

  expect(processesOf(run.output)).toEqual([]);
});

test("wrong arguments and a wrong job list are told and nothing is begun", async () => {
  const unknown = await runFarm("--job", "x");
  expect(unknown.status).toBe(2);
  expect(unknown.stderr).toContain("'--job'");
  const list = await runFarm("--jobs", "/nowhere/jobs.json");
  expect(list).toMatchObject({ status: 2, stdout: "" });
  expect(list.stderr).toContain("the job list cannot be read: ENOENT");
});

test("--help", async () => {
  const { status, stdout } = await runFarm("--help");
  expect(status).toBe(0);
  expect(stdout).toContain("npm start -- --callbacks DIR --jobs FILE");
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s ends what runs, and the summary still comes", async (signal, status) => {
  const output = temporaryFolder();
  const child = spawn(process.execPath, ["--import", "tsx", "examples/farm/main.ts", "--output", output], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  const rendering = new Promise<void>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (stdout.includes("shot010 render: running")) resolve();
    });
  });
  const ended = once(child, "close");
  await Promise.race([rendering, ended]);
  child.kill(signal);
  expect(await ended).toEqual([status, null]);
  expect(stdout).toContain("\nWhere to look\n");
  expect(stdout).toMatch(/shot010 contact sheet +blocked/);
  await until(() => processesOf(output).length === 0);
});
