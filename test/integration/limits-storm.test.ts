import { performance } from "node:perf_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { CallbackEngine } from "../../lib/index.js";
import { openSilent } from "../support/silent-engine.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const mebibyte = 2 ** 20;
const perTurn = 1000;
const events = Array.from({ length: 10_000 }, (_, index) => `complete-work-${1 + (index % 500)}-${index}`);

/** Sends events, some in each turn of the event loop, and returns the most there was of everything. */
async function endure(engine: CallbackEngine, count: number, nameOf: (event: string, index: number) => string) {
  const most = { turnMs: 0, queued: 0, heap: 0 };
  for (let sent = 0; sent < count; sent += perTurn) {
    const begin = performance.now();
    for (let index = sent; index < sent + perTurn; index++) {
      engine.emit(nameOf(events[index % events.length] ?? "", index));
    }
    most.queued = Math.max(most.queued, engine.load.queued);
    await nextTurn();
    most.turnMs = Math.max(most.turnMs, performance.now() - begin);
    if (sent % 100_000 === 0) {
      collect();
      most.heap = Math.max(most.heap, process.memoryUsage().heapUsed);
    }
  }
  await engine.idle();
  return most;
}

test("a storm of a million events is bounded by the queue, and every one of them is accounted for", async () => {
  const engine = await openSilent(16);
  let ran = 0;
  const run = async () => {
    await null;
    ran++;
  };
  engine.register({ name: "storm", on: "complete-work-self-*", limits: { queue: 1000 }, run });
  const all = (event: string) => event;
  await endure(engine, 20_000, all);
  collect();
  const before = process.memoryUsage().heapUsed;
  const { queued, heap } = await endure(engine, 1_000_000, all);
  expect(queued).toBe(1000);
  expect(heap - before).toBeLessThan(8 * mebibyte);
  const { fired, succeeded, dropped } = engine.counters().get("storm") ?? {};
  expect([fired, succeeded]).toEqual([1_020_000, ran]);
  expect((succeeded ?? 0) + (dropped?.ERR_UCB_QUEUE_FULL ?? 0)).toBe(1_020_000);
  expect(dropped?.ERR_UCB_QUEUE_FULL).toBeGreaterThan(100_000);
});

test("jobs that come and go leave nothing behind", async () => {
  const engine = await openSilent(16);
  const limits = { serial: "job" as const, throttle: { runs: 1, periodMs: 1, per: "job" as const } };
  engine.register({ name: "one", on: "complete-job-self", limits, run: () => {} });
  engine.register({ name: "two", on: "complete-job-self", limits, run: () => {} });
  const visit = async (from: number, to: number) => {
    for (let job = from; job < to; job++) {
      engine.emit(`complete-job-${job}`);
      if (job % 500 === 0) await engine.idle();
    }
    await engine.idle();
  };
  await visit(1, 20_000);
  collect();
  const before = process.memoryUsage().heapUsed;
  await visit(20_000, 100_000);
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 * mebibyte);
  expect(engine.counters().get("two")).toMatchObject({ succeeded: 99_999 });
});

test.each([
  ["dropped", { queue: 1 }, 2],
  ["coalesced", { queue: 500, overflow: "coalesce" as const }, 501],
  ["throttled", { throttle: { runs: 1, periodMs: 3_600_000, per: "job" as const } }, 500],
])("what is %s while nobody listens allocates nothing", async (_, limits, letIn) => {
  const engine = await openSilent(1);
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  engine.register({ name: "stuck", on: "complete-work-self-*", limits, run: () => gate });
  const burst = (count: number) => {
    for (let index = 0; index < count; index++) engine.emit(events[index % 1000] ?? "");
  };
  // As many as may wait are let in, and one more for the one that then begins. Code that is not compiled yet
  // allocates, and so does what compiles it.
  burst(50_000);
  const bytes: number[] = [];
  for (let round = 0; round < 40 && !bytes.some((each) => each < 4); round++) {
    await nextTurn();
    collect();
    const before = process.memoryUsage().heapUsed;
    burst(50_000);
    bytes.push((process.memoryUsage().heapUsed - before) / 50_000);
  }
  expect(Math.min(...bytes)).toBeLessThan(4);
  release();
  await engine.idle();
  expect(engine.counters().get("stuck")).toMatchObject({ succeeded: letIn });
});
