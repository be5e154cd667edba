import { describe, expect, test } from "vitest";
import { defaultRunLimits, type RunLimits } from "../../lib/config/run-limits.js";
import type { CallbackPause } from "../../lib/engine/breaker.js";
import type { Slot } from "../../lib/engine/ending.js";
import { Scheduler } from "../../lib/engine/scheduler.js";
import { FakeClock } from "../support/fake-clock.js";

interface Room {
  clock: FakeClock;
  scheduler: Scheduler<string>;
  /** What was begun, in order. */
  begun: string[];
  slots: Map<string, Slot>;
  told: [kind: string, pause: CallbackPause][];
  fire(item: string, owner?: number, limits?: Partial<RunLimits>, callback?: string): string | null;
  end(item: string, ending?: Parameters<Slot["end"]>[0]): number | null;
}

/** A scheduler whose runs begin at once and end when they are told to; limits are those of the last firing. */
function open(maxRunning = 100): Room {
  const clock = new FakeClock();
  const begun: string[] = [];
  const slots = new Map<string, Slot>();
  const told: Room["told"] = [];
  const scheduler = new Scheduler<string>({
    maxRunning,
    start: (item, slot) => {
      begun.push(item);
      slots.set(item, slot);
    },
    paused: (pause) => told.push(["paused", pause]),
    resumed: (pause) => told.push(["resumed", pause]),
    clock,
    random: () => 0.5,
  });
  return {
    ...{ clock, scheduler, begun, slots, told },
    fire(item, owner = 1, limits = {}, callback = "a") {
      const all = { ...defaultRunLimits, ...limits };
      const refusal = scheduler.admit(callback, all, owner);
      return refusal ?? scheduler.offer(callback, all, owner, item);
    },
    end(item, ending = "succeeded") {
      return slots.get(item)?.end(ending, "exit 3") ?? null;
    },
  };
}

async function isIdle(scheduler: Scheduler<string>): Promise<boolean> {
  return await Promise.race([scheduler.idle().then(() => true), new Promise<false>((no) => setImmediate(no, false))]);
}

test("nothing begins before whoever fired it has gone on", () => {
  const { fire, begun, clock } = open();
  fire("one");
  expect(begun).toEqual([]);
  clock.settle();
  expect(begun).toEqual(["one"]);
});

test("it is idle when nothing waits or executes", async () => {
  const { fire, end, clock, scheduler } = open();
  expect(await isIdle(scheduler)).toBe(true);
  fire("one", 1, { retry: { times: 1, delayMs: 1000 } });
  expect(await isIdle(scheduler)).toBe(false);
  clock.settle();
  end("one", "later");
  expect(await isIdle(scheduler)).toBe(false);
  clock.pass(1000);
  end("one");
  expect(await isIdle(scheduler)).toBe(true);
});

test("a slot counts once, however often its end is told", () => {
  const { fire, end, clock, scheduler } = open();
  fire("one");
  fire("two");
  clock.settle();
  end("one");
  end("one", "failed");
  expect(scheduler.running).toBe(1);
  expect(scheduler.counters().get("a")).toMatchObject({ succeeded: 1, failed: 0 });
});

describe("what an earlier engine has left", () => {
  const limits: RunLimits = { ...defaultRunLimits, serial: "job" };

  test("keeps its order, its slots and its attempts", () => {
    const { scheduler, begun, clock, end, fire } = open(1);
    const slot = scheduler.adopt("a", limits, 1, "executing", 2);
    scheduler.restore("a", limits, 1, "waiting", { attempt: 1, retryAt: null });
    fire("new", 1, limits);
    clock.settle();
    expect(begun).toEqual([]);
    expect([scheduler.running, scheduler.waiting]).toEqual([1, 2]);
    // The second of its retries is due after twice ten seconds.
    expect((slot.end("later", null) ?? 0) - clock.unix()).toBe(20_000);
    clock.pass(19_999);
    expect(begun).toEqual([]);
    clock.pass(1);
    for (const item of ["executing", "waiting", "new"]) end(item);
    clock.settle();
    end("waiting");
    clock.settle();
    expect(begun).toEqual(["executing", "waiting", "new"]);
  });

  test("waits on for its retry", () => {
    const { scheduler, begun, clock } = open();
    scheduler.restore("a", limits, 1, "late", { attempt: 2, retryAt: clock.unix() + 500 });
    scheduler.restore("a", limits, 2, "due", { attempt: 3, retryAt: clock.unix() - 500 });
    scheduler.restore("a", limits, 3, "lost", { attempt: 2, retryAt: null });
    expect([scheduler.waiting, scheduler.delayed]).toEqual([3, 1]);
    clock.settle();
    expect(begun).toEqual(["due", "lost"]);
    clock.pass(500);
    expect(begun).toEqual(["due", "lost", "late"]);
  });

  test("may hold more slots than there are", () => {
    const { scheduler, begun, clock, fire } = open(1);
    const slots = ["one", "two", "three"].map((item) => scheduler.adopt("a", { ...limits, maxRunning: 1 }, 1, item, 1));
    fire("new", 1, { maxRunning: 1 });
    for (const [index, slot] of slots.entries()) {
      clock.settle();
      expect([index, begun]).toEqual([index, []]);
      slot.end("succeeded", null);
    }
    clock.settle();
    expect(begun).toEqual(["new"]);
  });

  test("runs again in its place if it was lost, unless it shall only be reported", () => {
    const { scheduler, begun, clock, end } = open();
    const slot = scheduler.adopt("a", limits, 1, "first", 1);
    scheduler.restore("a", limits, 1, "second", { attempt: 1, retryAt: null });
    expect(slot.end("lost", null)).toBe(clock.unix());
    clock.settle();
    expect(begun).toEqual(["first"]);
    end("first");
    clock.settle();
    expect(begun).toEqual(["first", "second"]);
    expect(scheduler.adopt("b", { ...limits, onLost: "report" }, 1, "third", 1).end("lost", null)).toBe(null);
    expect(scheduler.counters().get("a")).toMatchObject({ fired: 0, started: 2, lost: 1, retried: 1, succeeded: 1 });
    expect(scheduler.counters().get("b")).toMatchObject({ lost: 1, retried: 0 });
  });
});

describe("clearing", () => {
  test("hands over everything that waits, in slices, and begins nothing any more", async () => {
    const { scheduler, begun, clock, fire, end } = open(1);
    fire("running");
    clock.settle();
    fire("late", 1, { retry: { times: 3, delayMs: 1000 } }, "b");
    end("running");
    clock.settle();
    end("late", "later");
    for (let index = 0; index < 2500; index++) fire(`run ${index}`, index % 7);
    clock.settle();
    const dropped: string[] = [];
    const cleared = scheduler.clear((item) => dropped.push(item));
    expect(dropped.length).toBe(1000);
    fire("too late");
    end("run 0");
    while (dropped.length < 2500) {
      clock.settle();
      await Promise.resolve();
    }
    await cleared;
    expect(new Set(dropped).size).toBe(2500);
    expect(dropped).toContain("late");
    expect([scheduler.waiting, scheduler.running, scheduler.delayed, clock.timers]).toEqual([0, 0, 0, 0]);
    expect(begun).toEqual(["running", "late", "run 0"]);
    expect(await isIdle(scheduler)).toBe(true);
    const { dropped: counts, fired, succeeded } = scheduler.counters().get("a") ?? {};
    expect({ counts, fired, succeeded }).toEqual({
      counts: { ERR_UCB_QUEUE_FULL: 0, ERR_UCB_CLOSED: 2500 },
      ...{ fired: 2502, succeeded: 2 },
    });
  });

  test("lets what executes come to its end, for good", async () => {
    const { scheduler, clock, fire, end } = open();
    fire("one");
    clock.settle();
    await scheduler.clear(() => expect.unreachable());
    expect(await isIdle(scheduler)).toBe(false);
    expect(end("one", "later")).toBe(null);
    expect(await isIdle(scheduler)).toBe(true);
    expect(scheduler.counters().get("a")).toMatchObject({ failed: 1, retried: 0 });
  });
});

describe("a callback that is forgotten", () => {
  test("is known until none of its runs is left", () => {
    const { scheduler, clock, fire, end } = open();
    fire("one");
    scheduler.forget("a");
    scheduler.forget("unknown");
    clock.settle();
    expect(scheduler.counters().size).toBe(1);
    end("one");
    expect(scheduler.counters().size).toBe(0);
  });

  test("is known again if it fires again", () => {
    const { scheduler, clock, fire, end } = open();
    fire("one");
    clock.settle();
    scheduler.forget("a");
    fire("two");
    clock.settle();
    end("one");
    end("two");
    expect(scheduler.counters().get("a")).toMatchObject({ fired: 2, succeeded: 2 });
  });
});

describe("the breaker", () => {
  const once: Partial<RunLimits> = { breaker: { failures: 1, pauseMs: 30_000 } };
  const breaker: Partial<RunLimits> = { breaker: { failures: 2, pauseMs: 30_000 }, maxRunning: 1 };

  test("tells why, since when and until when, and tries one run at the end of each pause", () => {
    const { scheduler, clock, fire, end, told, begun } = open();
    for (const item of ["one", "two", "three", "four"]) fire(item, 1, breaker);
    clock.settle();
    end("one", "failed");
    clock.settle();
    const since = clock.unix();
    end("two", "timed-out");
    clock.settle();
    const pause = { callbackId: "a", failures: 2, since, reason: "2 runs in a row failed, the last one: exit 3" };
    expect(told).toEqual([["paused", { ...pause, until: since + 30_000 }]]);
    expect(scheduler.pauses()).toEqual(new Map([["a", told[0]?.[1]]]));
    expect([scheduler.waiting, scheduler.delayed]).toEqual([2, 2]);
    clock.pass(30_000);
    expect(begun).toEqual(["one", "two", "three"]);
    end("three", "failed");
    const again = { failures: 3, since, until: since + 90_000, reason: "it failed again when it was tried: exit 3" };
    expect(told.slice(1)).toEqual([["paused", { callbackId: "a", ...again }]]);
    clock.pass(60_000);
    end("four");
    expect(told.slice(2)).toEqual([["resumed", told[1]?.[1]]]);
    expect(scheduler.pauses().size).toBe(0);
  });

  test("lets pauses grow to an hour", () => {
    const { clock, fire, end, told } = open();
    for (let index = 0; index < 12; index++) {
      fire("run", 1, once);
      clock.settle();
      if (index > 0) clock.pass(3_600_000);
      end("run", "failed");
    }
    const lengths = told.map(([, { until }], index) => until - clock.unix() + (11 - index) * 3_600_000);
    expect(lengths.map((length) => length / 1000)).toEqual([30, 60, 120, 240, 480, 960, 1920, ...Array(5).fill(3600)]);
  });

  test("keeps no process alive if nothing waits for the end of the pause", () => {
    const { clock, fire, end } = open();
    fire("one", 1, once);
    clock.settle();
    end("one", "failed");
    expect(clock.timers).toBe(0);
    fire("two", 1, once);
    expect(clock.timers).toBe(1);
  });

  test("is not impressed by runs that were begun before the pause", () => {
    const { scheduler, clock, fire, end, told } = open();
    for (const item of ["one", "two", "three"]) fire(item, 1, once);
    clock.settle();
    end("one", "failed");
    end("two");
    end("three", "failed");
    expect(told.length).toBe(1);
    expect(scheduler.pauses().size).toBe(1);
  });

  test("tells its listener when all is in order, who may fire in turn", () => {
    const room = open();
    const { scheduler, clock, fire, end } = room;
    room.told.push = (...items) => {
      fire("from the listener", 1, once);
      return items.length;
    };
    fire("one", 1, once);
    clock.settle();
    end("one", "failed");
    expect([scheduler.waiting, scheduler.delayed, clock.timers]).toEqual([1, 1, 1]);
    clock.pass(30_000);
    expect(room.begun).toEqual(["one", "from the listener"]);
  });
});

test("a hundred thousand runs of one job hold nobody up, and no turn begins more than a few", () => {
  const { fire, begun, clock, end } = open(10);
  for (let index = 0; index < 100_000; index++) fire(`greedy ${index}`, 1, { queue: 100_000 });
  for (let index = 0; index < 20; index++) fire(`modest ${index}`, 2, {}, "b");
  clock.settle();
  for (let index = 0; begun.length < 60; index++) {
    end(begun[index] ?? "");
    clock.settle();
  }
  expect(begun.filter((item) => item.startsWith("modest")).length).toBe(20);
  expect(begun.slice(0, 6).map((item) => item.split(" ")[0])).toEqual([
    "greedy",
    "modest",
    "greedy",
    "modest",
    "greedy",
    "modest",
  ]);
});

test("what can begin begins some in each turn of the event loop", () => {
  const { fire, begun, clock } = open(1000);
  for (let index = 0; index < 500; index++) fire(`run ${index}`);
  const perTurn: number[] = [];
  while (begun.length < 500) {
    const before = begun.length;
    clock.turn();
    perTurn.push(begun.length - before);
  }
  expect(Math.max(...perTurn)).toBe(64);
});
