import { expect, test } from "vitest";
import { CallbackEngine, type RunLimits } from "../../lib/index.js";
import { openEngine, temporarySite } from "../support/temporary-site.js";

const noDirectories = { directories: [] };

test("a listener that emits does not change what else its event fires", async () => {
  const { engine, ended } = await openEngine(temporarySite({}), noDirectories);
  for (const name of ["one", "two", "three"]) engine.register({ name, on: "complete-job-self", run: () => {} });
  engine.register({ name: "nested", on: "failed-job-self", run: () => {} });
  engine.on("run", ({ callback, state }) => {
    if (callback === "one" && state === "queued") engine.emit({ name: "failed", type: "job", jobId: 2 });
  });
  expect(engine.emit("complete-job-1")).toBe(3);
  await engine.idle();
  expect(ended.map(({ callback, event, jobId }) => `${callback} ${event} ${jobId}`).sort()).toEqual([
    "nested failed-job-2 2",
    "one complete-job-1 1",
    "three complete-job-1 1",
    "two complete-job-1 1",
  ]);
});

test("counters are of those that have fired, a copy each time, and go with their function", async () => {
  const { engine } = await openEngine(temporarySite({}), noDirectories);
  const registration = engine.register({ name: "f", on: "complete-job-self", run: () => {} });
  engine.register({ name: "never", on: "failed-job-self", run: () => {} });
  engine.emit("complete-job-1");
  const counters = engine.counters();
  expect([...counters.keys()]).toEqual(["f"]);
  await engine.idle();
  expect(counters.get("f")).toMatchObject({ fired: 1, succeeded: 0 });
  expect(engine.counters().get("f")).toMatchObject({ fired: 1, succeeded: 1 });
  registration.unregister();
  expect(engine.counters().size).toBe(0);
  engine.register({ name: "f", on: "complete-job-self", run: () => {} });
  engine.emit("complete-job-1");
  registration.unregister();
  await engine.idle();
  expect(engine.counters().get("f")).toMatchObject({ fired: 1 });
});

test("a function's time-out and failure are counted apart", async () => {
  const { engine } = await openEngine(temporarySite({}), noDirectories);
  const run = ({ event }: { event: { extra: string } }) => {
    if (event.extra === "bad") throw new Error("bad");
    return event.extra === "slow" ? new Promise(() => {}) : undefined;
  };
  engine.register({ name: "f", on: "complete-work-self-*", run, timeoutMs: 20 });
  for (const extra of ["bad", "slow", "good", "bad"]) engine.emit(`complete-work-1-${extra}`);
  await engine.idle();
  expect(engine.counters().get("f")).toMatchObject({ fired: 4, started: 4, succeeded: 1, failed: 2, timedOut: 1 });
});

test("a function cannot take the id of a site's callback", async () => {
  const site = temporarySite({ "callbacks.conf": "a.py = complete-job-self\n", "a.py": "print(1)\n" });
  const { engine } = await openEngine(site);
  const taken = { name: "0/a.py", on: "complete-job-self", run: () => {} };
  expect(() => engine.register(taken)).toThrow(expect.objectContaining({ code: "ERR_UCB_ARGUMENT" }));
});

test.each<[limits: unknown, message: string]>([
  [{ maxRunning: 0 }, "maxRunning must be a whole number from 1 to 1000000, not 0"],
  [{ queue: 1.5 }, "queue must be a whole number from 1 to 10000000, not 1.5"],
  [{ overflow: "block" }, "overflow must be drop-newest or drop-oldest or coalesce, not block"],
  [{ serial: "callback" }, "serial must be job, not callback"],
  [{ onLost: "no" }, "onLost must be rerun or report, not no"],
  [{ throttle: { runs: 1, periodMs: 0, per: "job" } }, "throttle.periodMs must be milliseconds above 0"],
  [{ throttle: { runs: 0, periodMs: 1, per: "job" } }, "throttle.runs must be a whole number"],
  [{ throttle: { runs: 1, periodMs: 1, per: "host" } }, "throttle.per must be job or callback"],
  [{ retry: { times: 101, delayMs: 1 } }, "retry.times must be a whole number from 1 to 100"],
  [{ retry: { times: 1, delayMs: Number.NaN } }, "retry.delayMs must be milliseconds"],
  [{ breaker: { failures: -1, pauseMs: 1 } }, "breaker.failures must be a whole number"],
  [{ breaker: { failures: 1, pauseMs: Number.POSITIVE_INFINITY } }, "breaker.pauseMs must be milliseconds"],
])("limits that make no sense are refused: %j", async (limits, message) => {
  const engine = await CallbackEngine.open(noDirectories);
  try {
    const callback = { on: "complete-job-self", run: () => {}, limits: limits as Partial<RunLimits> };
    expect(() => engine.register(callback)).toThrow(
      expect.objectContaining({ code: "ERR_UCB_ARGUMENT", message: expect.stringContaining(message) }),
    );
    // Nothing is left of it: the same name can still be had.
    engine.register({ ...callback, name: "function-1", limits: {} });
  } finally {
    await engine.close();
  }
});
