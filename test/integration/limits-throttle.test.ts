import { expect, test } from "vitest";
import { openEngine, temporarySite } from "../support/temporary-site.js";

const printing = { "a.py": "print(1)\n" };

test("a throttle per job counts what it does not let in, for each job of its own", async () => {
  const conf = "a.py = complete-work-self-*\n[a.py]\nthrottle = 1/1h per job\n";
  const { engine, ended } = await openEngine(temporarySite({ ...printing, "callbacks.conf": conf }));
  for (const event of ["1-1", "1-2", "2-1", "1-3", "2-2"]) expect(engine.emit(`complete-work-${event}`)).toBe(1);
  await engine.idle();
  const of = (state: string) => ended.filter((run) => run.state === state);
  expect(
    of("succeeded")
      .map(({ event }) => event)
      .sort(),
  ).toEqual(["complete-work-1-1", "complete-work-2-1"]);
  expect(of("dropped").map(({ event }) => event)).toEqual([
    "complete-work-1-2",
    "complete-work-1-3",
    "complete-work-2-2",
  ]);
  const why = { code: "ERR_UCB_THROTTLED", reason: "throttled: no more than 1 in 3600 s for each job" };
  for (const run of of("dropped")) expect(run).toMatchObject(why);
  expect(engine.counters().get("0/a.py")).toMatchObject({ fired: 5, started: 2, succeeded: 2, throttled: 3 });
});

test("a throttle lets in again when its period is over", async () => {
  const { engine, ended } = await openEngine(temporarySite({}), { directories: [] });
  const run = () => {};
  engine.register({ on: "complete-job-self", run, limits: { throttle: { runs: 2, periodMs: 100, per: "callback" } } });
  let fired = 0;
  while (ended.filter(({ state }) => state === "succeeded").length < 6) {
    fired += engine.emit(`complete-job-${fired + 1}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await engine.idle();
  const times = ended.filter(({ state }) => state === "succeeded").map(({ queuedAt }) => queuedAt);
  // Of three in a row, the first and the last are in different periods. The system's time counts whole milliseconds.
  const between = (one: number, other: number) => (times[other] ?? 0) - (times[one] ?? 0);
  expect(Math.min(between(0, 2), between(2, 4))).toBeGreaterThanOrEqual(98);
  const { throttled, succeeded } = engine.counters().get("function-1") ?? {};
  expect([succeeded, (throttled ?? 0) + (succeeded ?? 0)]).toEqual([6, fired]);
});
