import fc from "fast-check";
import { expect, it, onTestFinished } from "vitest";
import { JobRecords } from "../../lib/engine/job-records.js";
import { TimeMemory } from "../../lib/engine/time-memory.js";
import { TimeTriggers } from "../../lib/engine/time-triggers.js";
import type { Trigger } from "../../lib/trigger/ast.js";
import { parseTriggerOrThrow } from "../../lib/trigger/parse.js";
import { qubeEpoch } from "../../lib/trigger/time-literal.js";
import { FakeClock } from "../support/fake-clock.js";

/** Qube time at which the tests' clock begins. */
const start = 1_700_000_000 - qubeEpoch;

/** A clock that goes on with each look at it, so that some events take as long as a turn of the event loop may. */
class BusyClock extends FakeClock {
  readonly #msALook: number;
  #looks = 0;

  constructor(msALook = 1) {
    super();
    this.#msALook = msALook;
  }

  override now(): number {
    return super.now() + this.#looks++ * this.#msALook;
  }
}

/** Time triggers of an engine that can be ended and opened again, with the state it leaves. */
class World {
  readonly clock: FakeClock;
  readonly records = new JobRecords();
  readonly kept = new Map<string, string>();
  emitted: string[] = [];
  triggers: Trigger[];
  times: TimeTriggers;
  onEmit: (event: string) => void = () => undefined;

  constructor(triggers: readonly string[], clock = new FakeClock()) {
    this.clock = clock;
    this.triggers = triggers.map(parseTriggerOrThrow);
    this.times = this.open();
    clock.settle();
  }

  open(): TimeTriggers {
    const memory = new TimeMemory(this.kept, ([, key, value]) => {
      if (value === null) this.kept.delete(key);
      else this.kept.set(key, value as string);
    });
    const { records, clock } = this;
    const times = new TimeTriggers({
      ...{ triggers: () => this.triggers, jobs: records, memory, clock },
      emit: (event) => {
        this.emitted.push(event);
        this.onEmit(event);
      },
    });
    records.onNew = (id) => times.attaching(id);
    times.triggersChanged();
    return times;
  }

  attach(...ids: number[]): void {
    for (const id of ids) this.records.update({ id });
  }

  /** Ends the engine at once, as a crash does, and opens another with what was kept. */
  crash(): void {
    this.clock.forget();
    this.times = this.open();
  }

  change(triggers: readonly string[]): void {
    this.triggers = triggers.map(parseTriggerOrThrow);
    this.times.triggersChanged();
    this.clock.settle();
  }

  /** What was reported since the last call. */
  take(): string[] {
    const { emitted } = this;
    this.emitted = [];
    return emitted;
  }

  pass(seconds: number): string[] {
    this.clock.pass(seconds * 1000);
    this.clock.settle();
    return this.take();
  }

  /** Sets the clock by so many seconds; it is noticed within a second. */
  jump(seconds: number): void {
    this.clock.set(this.clock.unix() + seconds * 1000);
  }
}

it("reports a time once for each job attached then, and global ones once", () => {
  const world = new World([`dummy-time-self-${start + 10} || globaltime-${start + 20}`, `dummy-*-self-${start + 5}`]);
  world.attach(1, 2, 3);
  world.records.delete(2);
  expect(world.pass(9)).toEqual([]);
  expect(world.pass(1)).toEqual([`dummy-time-1-${start + 10}`, `dummy-time-3-${start + 10}`]);
  world.attach(4);
  expect(world.pass(60)).toEqual([`globaltime-${start + 20}`]);
  expect(world.clock.timers).toBe(0);
});

it("reports repetitions at their times, for the jobs attached then", () => {
  const world = new World([`dummy-repeat-self-${start - 5}-10`, `globalrepeat-${start + 3}-60`]);
  world.attach(1);
  expect(world.pass(4)).toEqual([`globalrepeat-${start + 3}-60`]);
  expect(world.pass(1)).toEqual([`dummy-repeat-1-${start - 5}-10`]);
  world.attach(2);
  expect(world.pass(10)).toEqual([`dummy-repeat-1-${start - 5}-10`, `dummy-repeat-2-${start - 5}-10`]);
});

it("reports only the jobs that are asked for", () => {
  const world = new World([`dummy-time-17-${start + 1}`, `dummy-time-18-${start + 1}`]);
  world.attach(1, 17, 19);
  expect(world.pass(1)).toEqual([`dummy-time-17-${start + 1}`]);
});

it("waits for nothing where a trigger names no time", () => {
  const world = new World([
    "dummy-time-self-*",
    "done-job-self",
    `alarm-time-self-${start + 1}`,
    `dummy-time-self-${start}`,
  ]);
  world.attach(1);
  expect(world.clock.timers).toBe(0);
  expect(world.pass(5)).toEqual([]);
});

it("reports what was missed late and once, where the clock jumps or the machine sleeps", () => {
  const world = new World([`dummy-time-self-${start + 100}`, `dummy-repeat-self-${start}-10`]);
  world.attach(1);
  world.jump(3605);
  expect(world.pass(1).sort()).toEqual([`dummy-repeat-1-${start}-10`, `dummy-time-1-${start + 100}`]);
  expect(world.pass(3)).toEqual([]);
  expect(world.pass(1)).toEqual([`dummy-repeat-1-${start}-10`]);
});

it("reports no time twice where the clock is set back, and what is still to come when it comes", () => {
  const world = new World([`dummy-repeat-self-${start}-10`, `dummy-time-self-${start + 15}`]);
  world.attach(1);
  expect(world.pass(20)).toHaveLength(3);
  world.jump(-15);
  expect(world.pass(15)).toEqual([]);
  expect(world.pass(10)).toEqual([`dummy-repeat-1-${start}-10`]);
});

it("goes on at once when a clock that was wrong by years is set right", () => {
  const world = new World([`dummy-repeat-self-${start}-10`]);
  world.attach(1);
  world.jump(10 * 365 * 86_400 + 5);
  expect(world.pass(1)).toHaveLength(1);
  world.jump(-10 * 365 * 86_400 - 5);
  expect(world.pass(20)).toHaveLength(2);
});

it("leaves out jobs that are attached between a time and the moment it is noticed", () => {
  const world = new World([`dummy-time-self-${start + 100}`]);
  world.attach(1);
  world.jump(200);
  world.attach(2);
  world.records.delete(2);
  world.attach(2, 3);
  expect(world.pass(2)).toEqual([`dummy-time-1-${start + 100}`]);
});

it("takes other triggers over: new ones wait for what is to come, and those that stay keep what has been", () => {
  const [one, other] = [`dummy-time-self-${start + 10}`, `dummy-time-self-${start + 20}`];
  const world = new World([one]);
  world.attach(1);
  world.pass(10);
  world.change([one, other, `dummy-time-self-${start + 5}`]);
  expect(world.pass(10)).toEqual([`dummy-time-1-${start + 20}`]);
  world.change([]);
  expect(world.kept.size).toBe(0);
  expect(world.clock.timers).toBe(0);
  world.change([`dummy-time-self-${start + 30}`]);
  expect(world.pass(9)).toEqual([]);
  world.change([]);
  expect(world.pass(9)).toEqual([]);
});

it("stops when it is closed, also by one who listens", () => {
  const world = new World([`dummy-time-self-${start + 1}`]);
  world.attach(1, 2, 3);
  world.onEmit = () => world.times.close();
  expect(world.pass(5)).toHaveLength(1);
  expect(world.clock.timers).toBe(0);
});

it("goes on where a crash interrupted it: each job has its event once, and jobs attached since have none", () => {
  const jobs = Array.from({ length: 60 }, (_, index) => index + 1);
  for (const turns of [1, 2, 3, 7]) {
    const clock = new BusyClock();
    const world = new World([`dummy-time-self-${start + 10}`, `dummy-repeat-self-${start + 10}-1000`], clock);
    world.attach(...jobs);
    clock.pass(9000);
    clock.set((start + 11 + qubeEpoch) * 1000);
    world.attach(100);
    for (let turn = 0; turn < turns; turn++) clock.turn();
    world.attach(101);
    clock.turn();
    expect(world.emitted.length).toBeGreaterThan(0);
    expect(world.emitted.length).toBeLessThan(120);
    world.crash();
    clock.settle();
    world.attach(102);
    clock.settle();
    const texts = world.take();
    expect(texts).toHaveLength(120);
    expect(new Set(texts)).toEqual(
      new Set(jobs.flatMap((id) => [`dummy-time-${id}-${start + 10}`, `dummy-repeat-${id}-${start + 10}-1000`])),
    );
    expect([...world.kept.keys()].filter((key) => key.includes("#"))).toEqual([]);
  }
});

it("does what a model does that looks at every job every second", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("pass" as const), seconds: fc.integer({ min: 1, max: 25 }) }),
    fc.record({ kind: fc.constant("jump" as const), seconds: fc.integer({ min: 1, max: 100 }), id: fc.nat(9) }),
    fc.record({ kind: fc.constant("attach" as const), id: fc.nat(9) }),
    fc.record({ kind: fc.constant("remove" as const), id: fc.nat(9) }),
    fc.record({ kind: fc.constant("restart" as const) }),
  );
  const series = fc.record({
    at: fc.integer({ min: -50, max: 100 }),
    interval: fc.option(fc.integer({ min: 1, max: 30 })),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(series, { minLength: 1, maxLength: 3, selector: (one) => JSON.stringify(one) }),
      fc.array(step, { maxLength: 25 }),
      (all, steps) => {
        const text = ({ at, interval }: { at: number; interval: number | null }) =>
          interval === null ? `time-J-${start + at}` : `repeat-J-${start + at}-${interval}`;
        const world = new World(all.map((each) => `dummy-${text(each).replace("J", "self")}`));
        const attached = new Set<number>();
        const last = all.map(({ at, interval }) => latest(at, interval, 0));
        let now = 0;
        const expected: string[] = [];
        const look = () =>
          all.forEach((each, index) => {
            const slot = latest(each.at, each.interval, now);
            if (slot === null || slot <= (last[index] ?? Number.NEGATIVE_INFINITY)) return;
            last[index] = slot;
            for (const id of attached) expected.push(`${now}: dummy-${text(each).replace("J", String(id))}`);
          });
        const seen: string[] = [];
        world.onEmit = (event) => void seen.push(`${now}: ${event}`);
        const attach = (id: number) => {
          attached.add(id + 1);
          world.attach(id + 1);
        };
        for (const each of steps) {
          if (each.kind === "pass") {
            for (let second = 0; second < each.seconds; second++) {
              now++;
              world.pass(1);
              look();
            }
          } else if (each.kind === "jump") {
            now += each.seconds;
            world.jump(each.seconds);
            // A job that comes is a reason to look at once; it does not take part.
            look();
            world.times.attaching(1000);
            world.clock.settle();
            attach(each.id);
          } else if (each.kind === "attach") attach(each.id);
          else if (each.kind === "remove") {
            attached.delete(each.id + 1);
            world.records.delete(each.id + 1);
          } else {
            world.crash();
            world.clock.settle();
          }
        }
        expect(seen.sort()).toEqual(expected.sort());
      },
    ),
    { numRuns: 400 },
  );
});

function latest(at: number, interval: number | null, now: number): number | null {
  if (now < at) return null;
  return interval === null ? at : at + Math.floor((now - at) / interval) * interval;
}

it("reports a million jobs, no more in a turn of the event loop than its share of time allows", () => {
  const records = new JobRecords();
  const count = 1_000_000;
  for (let id = 1; id <= count; id++) records.update({ id });
  const clock = new BusyClock(1 / 64);
  let read = 0;
  let reported = 0;
  const times = new TimeTriggers({
    triggers: () => [parseTriggerOrThrow(`dummy-time-self-${start + 1}`)],
    jobs: {
      has: (id) => records.has(id),
      *ids() {
        for (const id of records.ids()) {
          read++;
          yield id;
        }
      },
    },
    ...{ memory: new TimeMemory([], () => undefined), clock },
    emit: () => void reported++,
  });
  onTestFinished(() => times.close());
  times.triggersChanged();
  times.attaching(0);
  clock.set((start + 2 + qubeEpoch) * 1000);
  times.attaching(count + 1);
  expect(read).toBe(0);
  let mostInTurn = 0;
  for (let turns = 1; reported < count; turns++) {
    const before = read;
    clock.turn();
    mostInTurn = Math.max(mostInTurn, read - before);
    expect(turns).toBeLessThan(count);
  }
  expect(reported).toBe(count);
  // Four milliseconds of this clock.
  expect(mostInTurn).toBe(4 * 64);
});
