import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { RetryLater, type Run } from "../../lib/index.js";
import { openEngine, temporarySite } from "../support/temporary-site.js";

/** Asks to be tried again until an attempt's number is reached. */
const patient = `
import os, sys
attempt = int(os.environ["UCB_ATTEMPT"])
print("attempt", attempt, "of", os.environ["UCB_RUN_ID"])
sys.exit(75 if attempt < int(os.environ["LAST"]) else 0)
`;

const stateOf = ({ state, attempt }: Run) => `${state} ${attempt}`;

test("a script that exits with 75 is tried again, as the same run", async () => {
  const conf = "a.py = complete-job-self\n[a.py]\nretry = 3, 10ms\nenv.LAST = 3\n";
  const site = temporarySite({ "callbacks.conf": conf, "a.py": patient });
  const { engine, told, ended } = await openEngine(site);
  engine.emit("complete-job-1");
  await engine.idle();
  expect(told.map(stateOf)).toEqual([
    "queued 1",
    "running 1",
    "queued 2",
    "running 2",
    "queued 3",
    "running 3",
    "succeeded 3",
  ]);
  expect(new Set(told.map(({ id }) => id)).size).toBe(1);
  const [again] = told.filter(({ state, attempt }) => state === "queued" && attempt === 2);
  expect(again).toMatchObject({ reason: "attempt 1 asked to be repeated: exit 75", pid: null, endedAt: null });
  expect(again?.retryAt).toBeGreaterThan((told[0]?.queuedAt ?? 0) + 5);
  expect(ended).toEqual([expect.objectContaining({ exitCode: 0, reason: null, retryAt: null, attempt: 3 })]);
  expect(engine.counters().get("0/a.py")).toEqual({
    ...{ fired: 1, started: 3, succeeded: 1, failed: 0, timedOut: 0, lost: 0, retried: 2, throttled: 0, coalesced: 0 },
    dropped: { ERR_UCB_QUEUE_FULL: 0, ERR_UCB_CLOSED: 0 },
  });
  const log = readFileSync(ended[0]?.log ?? "", "utf8");
  const id = ended[0]?.id;
  expect(log.split("\n").filter((line) => line.startsWith("attempt"))).toEqual(
    [1, 2, 3].map((attempt) => `attempt ${attempt} of ${id}`),
  );
  expect(log.match(/^=== run .*$/gm)?.map((line) => /attempt \d/.exec(line)?.[0])).toEqual([
    undefined,
    "attempt 2",
    "attempt 3",
  ]);
});

test("a script that never gets what it needs has failed in the end", async () => {
  const conf = "a.py = complete-job-self\n[a.py]\nretry = 2, 10ms\nenv.LAST = 100\n";
  const { engine, told, ended } = await openEngine(temporarySite({ "callbacks.conf": conf, "a.py": patient }));
  engine.emit("complete-job-1");
  await engine.idle();
  expect(ended).toEqual([expect.objectContaining({ state: "failed", exitCode: 75, attempt: 3, reason: "exit 75" })]);
  expect(told.filter(({ state }) => state === "running").length).toBe(3);
  expect(engine.counters().get("0/a.py")).toMatchObject({ failed: 1, retried: 2, started: 3 });
});

test.each([
  ["with another exit status", "[a.py]\nretry = 3, 10ms\n", "import sys\nsys.exit(74)\n", 74],
  ["where retry = no", "[a.py]\nretry = no\n", "import sys\nsys.exit(75)\n", 75],
])("nothing is tried again %s", async (_, section, text, exitCode) => {
  const site = temporarySite({ "callbacks.conf": `a.py = complete-job-self\n${section}`, "a.py": text });
  const { engine, ended } = await openEngine(site);
  engine.emit("complete-job-1");
  await engine.idle();
  expect(ended).toEqual([expect.objectContaining({ state: "failed", exitCode, attempt: 1 })]);
});

test.each([
  ["RetryLater", () => new RetryLater("the database is away")],
  ["an error with the code EX_TEMPFAIL", () => Object.assign(new Error("busy"), { code: "EX_TEMPFAIL" })],
])("a function that throws %s is tried again, with a signal of its own", async (_, makeError) => {
  const { engine, told, ended } = await openEngine(temporarySite({}), { directories: [] });
  const signals: AbortSignal[] = [];
  engine.register({
    name: "f",
    on: "complete-job-self",
    limits: { retry: { times: 1, delayMs: 5 } },
    run: ({ signal }) => {
      signals.push(signal);
      if (signals.length % 2 === 1) throw makeError();
    },
  });
  engine.emit("complete-job-1");
  await engine.idle();
  expect(told.map(stateOf)).toEqual(["queued 1", "running 1", "queued 2", "running 2", "succeeded 2"]);
  expect(signals[0]).not.toBe(signals[1]);
  expect(ended[0]).toMatchObject({ code: null, reason: null });
});

test("a function that asks once too often has failed, with a code that says so", async () => {
  const { engine, ended } = await openEngine(temporarySite({}), { directories: [] });
  const run = () => {
    throw new RetryLater("the database is away");
  };
  engine.register({ on: "complete-job-self", run, limits: { retry: null } });
  engine.emit("complete-job-1");
  await engine.idle();
  expect(ended).toEqual([expect.objectContaining({ state: "failed", code: "ERR_UCB_LATER", attempt: 1 })]);
  expect(ended[0]?.reason).toContain("RetryLater: the database is away");
});

test("closing waits for retries that are due much later, or drops them", async () => {
  const { engine, ended } = await openEngine(temporarySite({}), { directories: [] });
  let calls = 0;
  const run = () => {
    calls++;
    throw new RetryLater("away");
  };
  engine.register({ on: "complete-job-self", run, limits: { retry: { times: 3, delayMs: 3_600_000 } } });
  engine.emit("complete-job-1");
  await vi.waitUntil(() => engine.load.delayed === 1, { timeout: 30_000 });
  expect(engine.load).toEqual({ queued: 1, running: 0, delayed: 1 });
  await engine.close({ running: "terminate" });
  expect(calls).toBe(1);
  const dropped = { state: "dropped", code: "ERR_UCB_CLOSED", reason: "the engine was closed", retryAt: null };
  expect(ended).toEqual([expect.objectContaining(dropped)]);

  const other = await openEngine(temporarySite({}), { directories: [] });
  let attempts = 0;
  const patient = () => {
    if (++attempts < 3) throw new RetryLater("away");
  };
  other.engine.register({ on: "complete-job-self", run: patient, limits: { retry: { times: 3, delayMs: 20 } } });
  other.engine.emit("complete-job-1");
  await other.engine.close();
  expect(other.ended).toEqual([expect.objectContaining({ state: "succeeded", attempt: 3 })]);
});
