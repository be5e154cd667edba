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
  const most = { queued: 0, heap: 0 };
  for (let sent = 0; sent < count; sent += perTurn) {
    for (let index = sent; index < sent + perTurn; index++) {
      engine.emit(nameOf(events[index % events.length] ?? "", index));
    }
    most.queued = Math.max(most.queued, engine.load.queued);
    await nextTurn();
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
