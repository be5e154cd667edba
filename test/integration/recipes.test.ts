import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { CallbackEngine, type Run } from "../../lib/index.js";
import { callbackFolder, example, folder, root, runShell } from "../support/document-examples.js";

const page = "docs/recipes.md";

async function openEngine(where: string, directory: string): Promise<{ engine: CallbackEngine; told: Run[] }> {
  const engine = await CallbackEngine.open({ directories: [directory], logPath: join(where, "log"), strict: true });
  onTestFinished(() => engine.close({ running: "terminate" }));
  const told: Run[] = [];
  engine.on("run", (run) => void told.push(run));
  return { engine, told };
}

test("failures are in the database, and the query finds them", async () => {
  const where = folder();
  const database = join(where, "failures.db");
  const placed = (text: string) => text.replace("/var/lib/farm/failures.db", database);
  const directory = callbackFolder(where, placed(example(page, "database")), {});
  const script = "logFailuresToDB.py";
  copyFileSync(join(root, "examples/site", script), join(directory, script));
  const { engine } = await openEngine(where, directory);
  engine.emit({ name: "failed", type: "job", jobId: 7, job: { id: 7, name: "shot010", user: "ana" } });
  await engine.idle();
  // Not every machine has the program; Python has what it does.
  const program =
    "import sqlite3, sys; [print(*row, sep='|') for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2])]";
  const sqlite3 = `sqlite3() { python3 -c "${program}" "$@"; }\n`;
  const { stdout, stderr } = await runShell(`${sqlite3}${placed(example(page, "database-query"))}`, where);
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^\d{4}-\d\d-\d\dT\S+\|7\|shot010\|ana\n$/);
});

test("a chat service hears of a failure, is asked again where it has trouble, and not where it refuses", async () => {
  const messages: unknown[] = [];
  const answers = [503, 200, 404];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      messages.push([request.headers["content-type"], JSON.parse(body)]);
      response.writeHead(answers[messages.length - 1] ?? 500).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/secret`;
  const where = folder();
  const rules = example(page, "chat").replace("https://chat.example.com/hooks/...", url).replace("5, 30s", "5, 10ms");
  const { engine, told } = await openEngine(
    where,
    callbackFolder(where, rules, { "chat.py": example(page, "chat-script") }),
  );
  engine.emit({ name: "failed", type: "job", jobId: 7, job: { id: 7, name: "shot010", user: "ana" } });
  await engine.idle();
  expect(messages).toEqual(Array(2).fill(["application/json", { text: "Job 7 (shot010) of ana failed." }]));
  expect(told.at(-1)).toMatchObject({ state: "succeeded", attempt: 2 });
  engine.emit({ name: "failed", type: "job", jobId: 8, job: { id: 8 } });
  await engine.idle();
  expect(told.at(-1)).toMatchObject({ jobId: 8, state: "failed", attempt: 1, exitCode: 1 });
  const log = readFileSync(told.at(-1)?.log ?? "", "utf8");
  expect(log).toContain("the chat service refuses: HTTP Error 404");
  expect(log).not.toContain("secret");
});

test("a chat service that is away is asked again later", async () => {
  const where = folder();
  const rules = example(page, "chat")
    .replace("https://chat.example.com/hooks/...", "http://127.0.0.1:1/")
    .replace("5, 30s", "1, 10ms");
  const { engine, told } = await openEngine(
    where,
    callbackFolder(where, rules, { "chat.py": example(page, "chat-script") }),
  );
  engine.emit({ name: "failed", type: "job", jobId: 7, job: { id: 7 } });
  await engine.idle();
  expect(told.at(-1)).toMatchObject({ state: "failed", attempt: 2, exitCode: 75 });
});

test("jobs are released and cancelled by the label of what they wait for", async () => {
  const where = folder();
  const rules = `${example(page, "chain")}${example(page, "chain-two")}`;
  callbackFolder(where, rules, {
    "release.qcb": "unblock-self\n",
    "cancel.qcb": "kill-self\n",
    "composite.qcb": "unblock-self\n",
  });
  const { code, stdout } = await runShell(`${example(page, "chain-fire").trimEnd()} --logpath log`, where);
  expect(code).toBe(0);
  expect(stdout).toContain("release.qcb for job 1002: succeeded");
  expect(stdout).toContain("asked to unblock job 1002");
  expect(stdout).not.toContain("1001: succeeded");
  const { engine } = await openEngine(where, join(where, "callback"));
  const asked: string[] = [];
  engine.on("action", ({ verb, ids, by }) => asked.push(`${by.callback} ${verb} ${ids}`));
  engine.submit({ id: 1001, label: "ribgen", pgrp: 1001 });
  engine.submit({ id: 1002, label: "render", pgrp: 1001, status: "blocked" });
  engine.submit({ id: 1003, label: "comp", pgrp: 1001, status: "blocked" });
  engine.emit("complete-job-1002");
  await engine.idle();
  expect(asked).toEqual([]);
  engine.emit("complete-job-1001");
  await engine.idle();
  expect(asked.sort()).toEqual(["composite.qcb unblock 1003", "release.qcb unblock 1002", "release.qcb unblock 1003"]);
  engine.emit("killed-job-1001");
  await engine.idle();
  expect(asked.slice(3).sort()).toEqual(["cancel.qcb kill 1002", "cancel.qcb kill 1003"]);
});

test("frames that fail send one mail a job, not one each", async () => {
  const where = folder();
  const mails = { "mail-status.qcb": "mail-status\n", "mail-frame.qcb": "mail-status\n" };
  const directory = callbackFolder(where, example(page, "mail"), mails);
  const { engine } = await openEngine(where, directory);
  const { callbacks } = engine;
  expect(callbacks.map(({ options: { throttle, retry } }) => ({ throttle, retry }))).toMatchObject([
    { throttle: null, retry: { times: 10, delayMs: 60_000 } },
    { throttle: { runs: 1, periodMs: 600_000, per: "job" } },
  ]);
  for (const job of [7, 8]) for (let frame = 0; frame < 100; frame++) engine.emit(`failed-work-${job}-${frame}`);
  await engine.idle();
  expect(engine.counters().get("0/mail-frame.qcb")).toMatchObject({ fired: 200, started: 2, throttled: 198 });
});

test("a Qube! directory is brought along by the commands of the page", async () => {
  const where = folder();
  const old = join(where, "old");
  mkdirSync(old, { mode: 0o777 });
  const rules = "# Aufträge, die scheitern\nfailed.py = failed-job-self\nold.py = submit-job-self\n";
  writeFileSync(join(old, "callbacks.conf"), Buffer.from(rules, "latin1"), { mode: 0o666 });
  writeFileSync(join(old, "failed.py"), 'print(qb.jobinfo("-id", qb.jobid())[0]["name"])\n', { mode: 0o777 });
  writeFileSync(join(old, "old.py"), 'print "submitted"\n');
  writeFileSync(join(where, "job.json"), '{"id": 1001, "name": "shot010"}');
  const copy = example(page, "migrate-copy").replace("/usr/local/pfx/qube/callback", old);
  const checked = await runShell(`umask 0\n${copy}`, where);
  expect(checked.code).toBe(1);
  expect(checked.stdout).toContain("ERR_UCB_CALLBACKS_CONF_ENCODING");
  expect(checked.stdout).not.toContain("ERR_UCB_PATH_WRITABLE");
  const mended = await runShell(`${example(page, "migrate-encoding")}ucb check callback`, where);
  expect(mended.stdout).toContain("2 callbacks in 1 directory, no errors, no warnings");
  const python = await runShell(example(page, "migrate-python"), where);
  expect(python.stdout).toBe("callback/old.py needs a look\n");
  const { stdout, code } = await runShell(example(page, "migrate-fire"), where);
  expect(code).toBe(0);
  expect(stdout).toContain("failed-job-1001 fires 1 of 2 callbacks");
  expect(stdout).toContain("| shot010");
});
