import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readFailures } from "../../examples/farm/failures.js";
import { installSite } from "../../examples/farm/site.js";
import { CallbackEngine, type Job, loadConfiguration, type Run, type Supervisor, type Work } from "../../lib/index.js";
import { root, temporaryFolder } from "../support/run-farm.js";

/** The example's callbacks, installed, and an engine over them. */
async function openSite(options: { supervisor?: Supervisor; conf?: (folder: string) => string } = {}) {
  const folder = temporaryFolder();
  const directory = join(folder, "callback");
  await installSite(join(root, "examples/site"), directory);
  if (options.conf !== undefined) writeFileSync(join(directory, "callbacks.conf"), options.conf(folder));
  const logPath = join(folder, "log");
  const engine = await CallbackEngine.open({
    directories: [directory],
    logPath,
    ...(options.supervisor === undefined ? {} : { supervisor: options.supervisor }),
  });
  onTestFinished(() => engine.close({ running: "terminate" }));
  const runs: Run[] = [];
  engine.on("run", (run) => run.endedAt !== null && runs.push(run));
  return { engine, folder, runs, log: (job: number) => readFileSync(join(logPath, `job/0/${job}/${job}.cb`), "utf8") };
}

test("nothing is wrong with the directory, not even doubtful", async () => {
  const folder = temporaryFolder();
  await installSite(join(root, "examples/site"), join(folder, "callback"));
  const qbConf = join(folder, "qb.conf");
  writeFileSync(qbConf, "mail_host = smtp.example.com\n", { mode: 0o644 });
  const { callbacks, diagnostics } = await loadConfiguration({ qbConf, directories: [join(folder, "callback")] });
  expect(diagnostics).toEqual([]);
  expect(callbacks.map(({ file }) => file)).toEqual([
    "submitted.py",
    "mail-status.qcb",
    "logFailuresToDB.py",
    "checkWork.pl",
    "release.qcb",
    "cancel.qcb",
    "composite.qcb",
  ]);
});

test("failures of many jobs at once are all written", async () => {
  const { engine, folder, runs } = await openSite();
  const jobs = Array.from({ length: 20 }, (_, index) => ({
    id: index + 1,
    name: `it's job ${index + 1}`,
    user: "ana",
  }));
  for (const job of jobs) engine.emit({ name: "failed", type: "job", jobId: job.id, job });
  await engine.idle();
  const logged = runs.filter(({ callback }) => callback === "logFailuresToDB.py");
  expect(logged.map(({ state, reason }) => reason ?? state)).toEqual(Array(20).fill("succeeded"));
  const failures = (await readFailures(join(folder, "failures.db"))) ?? [];
  expect(failures.map(({ jobid, name, user }) => ({ id: jobid, name, user })).sort((a, b) => a.id - b.id)).toEqual(
    jobs,
  );
  expect(failures.map(({ runid }) => runid).sort()).toEqual(logged.map(({ id }) => id).sort());
});

test("a run that is repeated adds no second row", async () => {
  const folder = temporaryFolder();
  const directory = join(folder, "callback");
  mkdirSync(directory);
  const event = { name: "failed", type: "job", jobId: 7, extra: "", text: "failed-job-7" };
  const runner = join(root, "runtime/python/run_callback.py");
  const script = join(root, "examples/site/logFailuresToDB.py");
  const repeat = (run: string) => {
    const path = join(folder, "document");
    writeFileSync(path, `${JSON.stringify({ event, job: { id: 7, name: "x", user: "ana" }, run: { id: run } })}\n`);
    const stdin = openSync(path, "r");
    try {
      return execFileSync("python3", ["-B", runner, script], {
        cwd: directory,
        env: { ...process.env, UCB_RUN_ID: run, UCB_JOB_ID: "7", UCB_EVENT: "failed-job-7" },
        stdio: [stdin, "pipe", "inherit"],
        encoding: "utf8",
      });
    } finally {
      closeSync(stdin);
    }
  };
  expect(repeat("A")).toContain("failure of job 7 written to");
  expect(repeat("A")).toContain("failure of job 7 is already in");
  expect(repeat("B")).toContain("failure of job 7 written to");
  const failures = await readFailures(join(folder, "failures.db"));
  expect(failures?.map(({ runid }) => runid)).toEqual(["A", "B"]);
});

test("the database may lie elsewhere, and a place that cannot be written is named", async () => {
  const conf = (place: string) => (folder: string) =>
    `logFailuresToDB.py = failed-job-self\n[logFailuresToDB.py]\nenv.FAILURES_DB = ${join(folder, place)}\n`;
  const job = { id: 7, name: "x" };

  const good = await openSite({ conf: conf("elsewhere.db") });
  good.engine.emit({ name: "failed", type: "job", jobId: 7, job });
  await good.engine.idle();
  expect(await readFailures(join(good.folder, "elsewhere.db"))).toMatchObject([{ jobid: 7, name: "x", user: "" }]);

  const bad = await openSite({ conf: conf("missing/elsewhere.db") });
  bad.engine.emit({ name: "failed", type: "job", jobId: 7, job });
  await bad.engine.idle();
  expect(bad.runs).toMatchObject([{ state: "failed", exitCode: 1 }]);
  expect(bad.log(7)).toMatch(
    /missing\/elsewhere\.db: unable to open database file \(env\.FAILURES_DB in callbacks\.conf/,
  );
});

test("submitted.py writes a line for each job, and a traceback for one whose record will not do", async () => {
  const { engine, folder } = await openSite();
  for (let id = 1; id <= 20; id++) engine.submit({ id, name: `shot ${id} ü` });
  await engine.idle();
  engine.submit({ id: 21 });
  await engine.idle();
  const lines = readFileSync(join(folder, "submitted.txt"), "utf8").trimEnd().split("\n");
  const expected = Array.from({ length: 20 }, (_, index) => `submitted ${index + 1}: shot ${index + 1} ü`);
  expect(lines.slice(0, 20).sort()).toEqual(expected.sort());
  expect(lines[20]).toBe("Traceback (most recent call last):");
  expect(lines.at(-1)).toBe("KeyError: 'name'");
});

test("release, cancel and composite ask for what a job of their kind needs", async () => {
  const { engine, runs } = await openSite();
  const asked: string[] = [];
  engine.on("action", ({ verb, target, ids, by }) => asked.push(`${by.callback}: ${verb} ${target} ${ids.join(" ")}`));
  engine.submit({ id: 1, name: "a", label: "ribgen" });
  engine.submit({ id: 2, name: "b", label: "render", pgrp: 1 });
  engine.submit({ id: 3, name: "c", label: "composite", pgrp: 1 });
  engine.submit({ id: 4, name: "d", pid: 2 });
  engine.submit({ id: 5, name: "e", pid: 3 });
  await engine.idle();
  runs.length = 0;
  engine.emit("complete-job-1");
  await engine.idle();
  expect(asked).toEqual([]);
  engine.emit("complete-job-2");
  await engine.idle();
  expect(asked.splice(0).sort()).toEqual(["composite.qcb: unblock job 3", "release.qcb: unblock job 4"]);
  engine.emit("killed-job-3");
  await engine.idle();
  expect(asked).toEqual(["cancel.qcb: kill job 5"]);
});

/** Has checkWork.pl look at one work item and returns what it asked for and printed. */
async function check(work: Work, missing = false): Promise<{ asked: string[]; printed: string }> {
  const job: Job = {
    id: 7,
    name: "shot",
    status: "running",
    agenda: missing ? [] : [{ name: "frame 1", host: "a", ...work }],
  };
  const asked: string[] = [];
  const supervisor: Supervisor = {
    jobInfo: () => [job],
    perform: ({ verb, target, ids }) => {
      asked.push(`${verb} ${target} ${ids.join(" ")}`);
      return ids;
    },
  };
  const { engine, runs, log } = await openSite({ supervisor });
  engine.emit({ name: String(work.status), type: "work", jobId: 7, extra: "frame 1" });
  await engine.idle();
  expect(runs).toMatchObject([{ callback: "checkWork.pl", state: "succeeded" }]);
  return { asked, printed: log(7) };
}

test("checkWork.pl finds nothing to complain about", async () => {
  const result = join(temporaryFolder(), "result");
  writeFileSync(result, "12345");
  const resultpackage = { exitcode: 0, signal: null };
  const { asked, printed } = await check({ status: "complete", count: 1, result, resultpackage });
  expect(asked).toEqual([]);
  expect(printed).toContain("work item frame 1 of job 7 (shot): complete on a, attempt 1\n");
  expect(printed).toContain(`its result ${result} holds 5 bytes\n  all is well\n`);

  const none = await check({ status: "complete", count: 1, result: null, resultpackage });
  expect(none).toMatchObject({
    asked: [],
    printed: expect.stringContaining("it promised no result file\n  all is well"),
  });
});

test("checkWork.pl has a failed work item retried once", async () => {
  const work = { status: "failed", reason: "exit 9", result: null, resultpackage: { exitcode: 9, signal: null } };
  const first = await check({ ...work, count: 1 });
  expect(first.asked).toEqual(["retry work 7:frame 1"]);
  expect(first.printed).toContain(
    "complaint: its status is failed: exit 9\n  complaint: it ended with exit status 9\n",
  );
  expect(first.printed).toContain("put back for another attempt: 7:frame 1");
  const second = await check({ ...work, count: 2 });
  expect(second).toMatchObject({ asked: [], printed: expect.stringContaining("left as it is after 2 attempts") });
});

test("checkWork.pl has a work item without its result done once more, and then counts it as failed", async () => {
  const empty = join(temporaryFolder(), "empty");
  writeFileSync(empty, "");
  const work = { status: "complete", resultpackage: { exitcode: 0, signal: null } };
  const first = await check({ ...work, count: 1, result: empty });
  expect(first).toMatchObject({
    asked: ["requeue work 7:frame 1"],
    printed: expect.stringContaining(`${empty} is empty`),
  });
  const second = await check({ ...work, count: 2, result: "/nowhere/x" });
  expect(second).toMatchObject({
    asked: ["fail work 7:frame 1"],
    printed: expect.stringContaining("/nowhere/x is missing"),
  });
});

test("checkWork.pl leaves alone what was killed, is being done again or is gone", async () => {
  const work = { count: 1, result: "/nowhere/x", resultpackage: { exitcode: null, signal: "SIGKILL" } };
  expect((await check({ ...work, status: "killed" })).asked).toEqual([]);
  expect((await check({ ...work, status: "failed" }, true)).printed).toContain("not in the agenda of job 7");
});
