import { expect, test } from "vitest";
import type { Run } from "../../lib/index.js";
import { gatedSite } from "../support/gated-site.js";
import { openEngine } from "../support/temporary-site.js";

const frames = (runs: readonly Run[]) => runs.map(({ event }) => event.replace("complete-work-", ""));
const dropped = (runs: readonly Run[]) => runs.filter(({ state }) => state === "dropped");

/** One run executes, and of those that fire then two may wait. */
async function crowded(overflow: string, ...events: string[]) {
  const { site, begun, waitFor, open } = gatedSite(`queue = 2\noverflow = ${overflow}`);
  const { engine, told, ended } = await openEngine(site, { maxRunning: 1 });
  engine.emit("complete-work-9-0");
  await waitFor(1);
  for (const event of events) engine.emit(`complete-work-${event}`);
  const early = dropped(ended);
  open();
  await engine.idle();
  expect(dropped(ended)).toEqual(early);
  for (const { state, endedAt, startedAt, pid } of early) {
    expect({ state, startedAt, pid }).toEqual({ state: "dropped", startedAt: null, pid: null });
    expect(endedAt).toBeGreaterThan(0);
  }
  const counters = engine.counters().get("0/gated.py");
  return { told, early, begun: begun().map((event) => event.replace("complete-work-", "")), counters };
}

test("with drop-newest, those that come when the queue is full are not run", async () => {
  const { early, begun, counters, told } = await crowded("drop-newest", "1-1", "1-2", "1-3", "2-4");
  expect(begun).toEqual(["9-0", "1-1", "1-2"]);
  expect(frames(early)).toEqual(["1-3", "2-4"]);
  const reason = { code: "ERR_UCB_QUEUE_FULL", reason: "the queue is full: 2 runs wait already" };
  expect(early[0]).toMatchObject(reason);
  expect(counters).toMatchObject({ fired: 5, succeeded: 3, coalesced: 0, dropped: { ERR_UCB_QUEUE_FULL: 2 } });
  // What is not let in has never been queued.
  expect(told.filter(({ event }) => event === "complete-work-1-3").map(({ state }) => state)).toEqual(["dropped"]);
});

test("with drop-oldest, those that wait longest give way", async () => {
  const { early, begun, counters, told } = await crowded("drop-oldest", "1-1", "1-2", "1-3", "2-4");
  expect(begun).toEqual(["9-0", "1-3", "2-4"]);
  expect(frames(early)).toEqual(["1-1", "1-2"]);
  expect(counters).toMatchObject({ fired: 5, succeeded: 3, dropped: { ERR_UCB_QUEUE_FULL: 2 } });
  const order = told.filter(({ event }) => /-1-[13]$/.test(event)).map(({ event, state }) => `${event} ${state}`);
  expect(order.slice(0, 3)).toEqual([
    "complete-work-1-1 queued",
    "complete-work-1-3 queued",
    "complete-work-1-1 dropped",
  ]);
});

test("with coalesce, a run that waits for the same job stands for those that come", async () => {
  const { early, begun, counters } = await crowded("coalesce", "1-1", "2-2", "1-3", "2-4", "3-5");
  expect(begun).toEqual(["9-0", "1-1", "2-2"]);
  expect(early.map(({ event, code }) => [event, code])).toEqual([
    ["complete-work-1-3", "ERR_UCB_COALESCED"],
    ["complete-work-2-4", "ERR_UCB_COALESCED"],
    ["complete-work-3-5", "ERR_UCB_QUEUE_FULL"],
  ]);
  expect(early[0]?.reason).toBe("coalesced: 2 runs wait already, and one of them is for the same job");
  expect(counters).toMatchObject({ fired: 6, succeeded: 3, coalesced: 2, dropped: { ERR_UCB_QUEUE_FULL: 1 } });
});
