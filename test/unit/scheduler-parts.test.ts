import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Alarm, Alarms } from "../../lib/engine/alarms.js";
import { Chain, type Linked } from "../../lib/engine/chain.js";
import { Heap, type Placed } from "../../lib/engine/heap.js";
import { retryDelayMs } from "../../lib/engine/retry-delay.js";
import { ThrottleWindows } from "../../lib/engine/throttle-windows.js";
import { FakeClock } from "../support/fake-clock.js";

type Act = { kind: "push" | "remove" | "move"; which: number; rank: number };
const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("push" as const, "push" as const, "remove" as const, "move" as const),
    which: fc.nat({ max: 50 }),
    rank: fc.nat({ max: 20 }),
  }),
  { maxLength: 150, size: "max" },
);

test("a heap's first member is the least, whatever comes, moves and goes", () => {
  fc.assert(
    fc.property(acts, (all) => {
      const heap = new Heap<Placed & { rank: number }>((one, other) => one.rank < other.rank);
      const members: (Placed & { rank: number })[] = [];
      for (const { kind, which, rank } of all) {
        const member = members[which % members.length];
        if (kind === "push" || member === undefined) {
          const added = { place: -1, rank };
          members.push(added);
          heap.push(added);
        } else if (kind === "remove") {
          members.splice(members.indexOf(member), 1);
          heap.remove(member);
          expect(member.place).toBe(-1);
        } else {
          member.rank = rank;
          heap.moved(member);
        }
        const least = members.reduce((least, { rank }) => Math.min(least, rank), Number.POSITIVE_INFINITY);
        expect(heap.first?.rank ?? Number.POSITIVE_INFINITY).toBe(least);
      }
      const ranks: number[] = [];
      for (let first = heap.first; first !== null; first = heap.first) {
        ranks.push(first.rank);
        heap.remove(first);
      }
      expect(ranks).toEqual(members.map(({ rank }) => rank).sort((one, other) => one - other));
    }),
  );
});

test("a chain keeps its order while members leave from anywhere", () => {
  class Member implements Linked<Member> {
    previous: Member | null = null;
    next: Member | null = null;
  }
  fc.assert(
    fc.property(acts, (all) => {
      const chain = new Chain<Member>();
      const members: Member[] = [];
      for (const { kind, which } of all) {
        const member = members[which % members.length];
        if (kind === "push" || member === undefined) {
          members.push(new Member());
          chain.push(members.at(-1) as Member);
        } else {
          chain.remove(member);
          expect([member.previous, member.next]).toEqual([null, null]);
          members.splice(members.indexOf(member), 1);
        }
        const found: Member[] = [];
        for (let member = chain.first; member !== null; member = member.next) found.push(member);
        expect(found.length).toBe(members.length);
        expect(found.every((each, index) => each === members[index])).toBe(true);
      }
    }),
  );
});

describe("alarms", () => {
  function setUp() {
    const clock = new FakeClock();
    const rung: string[] = [];
    const alarms = new Alarms<Alarm & { name: string }>(clock, ({ name }) => rung.push(`${name} at ${clock.now()}`));
    const set = (name: string, at: number) => {
      const alarm = { name, at: 0, place: -1 };
      alarms.set(alarm, at);
      return alarm;
    };
    return { clock, rung, alarms, set };
  }

  test("ring in their order, each once, with one timer", () => {
    const { clock, rung, set } = setUp();
    set("c", 30);
    set("a", 10);
    set("b", 20);
    expect(clock.timers).toBe(1);
    clock.pass(9);
    expect(rung).toEqual([]);
    clock.pass(11);
    expect(rung).toEqual(["a at 10", "b at 20"]);
    clock.pass(100);
    expect(rung).toEqual(["a at 10", "b at 20", "c at 30"]);
    expect(clock.timers).toBe(0);
  });

  test("that are removed do not ring, and no timer is left for them", () => {
    const { clock, rung, alarms, set } = setUp();
    const a = set("a", 10);
    set("b", 20);
    alarms.remove(a);
    alarms.remove(a);
    expect(alarms.has(a)).toBe(false);
    expect(clock.untilNext).toBe(20);
    alarms.clear();
    expect(clock.timers).toBe(0);
    clock.pass(100);
    expect(rung).toEqual([]);
  });

  test("of one moment ring some at a time", () => {
    const { clock, rung, set } = setUp();
    for (let index = 0; index < 1200; index++) set("x", 10);
    clock.pass(9);
    const turns: number[] = [];
    while (rung.length < 1200) {
      clock.next();
      turns.push(rung.length);
    }
    expect(turns).toEqual([500, 1000, 1200]);
  });
});

describe("periods of a throttle", () => {
  test("begin with the first run after the one before", () => {
    const windows = new ThrottleWindows({ runs: 2, periodMs: 100, per: "callback" });
    const at = (now: number) => {
      const allows = windows.allows(now, now);
      if (allows) windows.count(now, now);
      return allows;
    };
    expect([50, 60, 70, 149, 150, 249, 249.5, 250].map(at)).toEqual([
      true,
      true,
      false,
      false,
      true,
      true,
      false,
      true,
    ]);
  });

  test("are each job's own if so configured", () => {
    const windows = new ThrottleWindows({ runs: 1, periodMs: 100, per: "job" });
    windows.count(1, 0);
    expect([windows.allows(1, 50), windows.allows(2, 50)]).toEqual([false, true]);
  });

  test("are forgotten when they are over, two for each that begins", () => {
    const windows = new ThrottleWindows({ runs: 1, periodMs: 100, per: "job" });
    for (let job = 0; job < 10; job++) windows.count(job, 0);
    // A job that comes back must not hide those behind it.
    for (const job of [5, 20, 21, 22, 23]) windows.count(job, 100);
    expect(windows.size).toBe(5);
    for (let now = 200; now < 20_000; now++) windows.count(now, now);
    expect(windows.size).toBeLessThan(110);
  });
});

test("retries come after twice the time each, a quarter more or less, an hour at most", () => {
  const retry = { times: 12, delayMs: 10_000 };
  expect([1, 2, 3, 4].map((attempt) => retryDelayMs(retry, attempt, 0.5))).toEqual([10_000, 20_000, 40_000, 80_000]);
  expect([0, 1].map((random) => retryDelayMs(retry, 1, random))).toEqual([7500, 12_500]);
  expect(retryDelayMs(retry, 12, 0.5)).toBe(3_600_000);
  expect(retryDelayMs(retry, 13, 0.5)).toBe(null);
  expect(retryDelayMs({ times: 2, delayMs: 7_200_000 }, 2, 0.5)).toBe(7_200_000);
  expect(retryDelayMs(null, 1, 0.5)).toBe(null);
});
