import fc from "fast-check";
import { expect, test } from "vitest";
import { defaultRunLimits, type RunLimits } from "../../lib/config/run-limits.js";
import type { Ending, Slot } from "../../lib/engine/ending.js";
import { Scheduler } from "../../lib/engine/scheduler.js";
import { FakeClock } from "../support/fake-clock.js";
import { SchedulerModel } from "../support/scheduler-model.js";

const throttle = fc.record({
  runs: fc.integer({ min: 1, max: 3 }),
  periodMs: fc.constantFrom(5, 20),
  per: fc.constantFrom("job" as const, "callback" as const),
});
const retry = fc.record({ times: fc.integer({ min: 1, max: 3 }), delayMs: fc.constantFrom(4, 10) });
const limits: fc.Arbitrary<RunLimits> = fc.record({
  maxRunning: fc.constantFrom(null, 1, 2, 3),
  serial: fc.constantFrom(null, "job" as const),
  throttle: fc.option(throttle, { freq: 2 }),
  queue: fc.constantFrom(1, 2, 4, 100),
  overflow: fc.constantFrom("drop-newest" as const, "drop-oldest" as const, "coalesce" as const),
  retry: fc.option(retry),
  breaker: fc.constantFrom(null, ...[1, 2, 3].map((failures) => ({ failures, pauseMs: 30_000 }))),
  onLost: fc.constantFrom("rerun" as const, "report" as const),
});

type Step =
  | { kind: "fire"; callback: number; owner: number }
  | { kind: "end"; which: number; ending: Ending }
  | { kind: "pass"; ms: number }
  | { kind: "limit"; callback: number; limits: RunLimits }
  | { kind: "turn" };

const fire = fc.record({
  kind: fc.constant("fire" as const),
  callback: fc.nat({ max: 2 }),
  owner: fc.integer({ min: 1, max: 6 }),
});

/** What happens, mostly: with bad endings callbacks are paused, and stay so for long. */
function steps(endings: readonly Ending[], times: readonly number[]): fc.Arbitrary<Step[]> {
  const which = fc.nat({ max: 20 });
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 8, arbitrary: fire },
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant("end" as const), which, ending: fc.constantFrom(...endings) }),
    },
    { weight: 2, arbitrary: fc.constant({ kind: "turn" as const }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("limit" as const), callback: fc.nat({ max: 2 }), limits }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(...times) }) },
  );
  return fc.array(step, { maxLength: 120, size: "max" });
}

const weather = fc.oneof(
  steps(["succeeded", "succeeded", "later", "later", "lost", "failed"], [1, 4, 10, 20]),
  steps(
    ["failed", "failed", "failed", "timed-out", "later", "left", "lost", "succeeded"],
    [4, 30_000, 30_000, 60_000, 120_000],
  ),
);

/** A scheduler and its model, driven together; every difference between them throws. */
class Pair {
  readonly clock = new FakeClock();
  readonly model: SchedulerModel;
  readonly scheduler: Scheduler<number>;
  readonly slots = new Map<number, Slot>();
  announced: string | null = null;

  constructor(maxRunning: number, limits: readonly RunLimits[]) {
    this.model = new SchedulerModel(maxRunning, limits, () => this.clock.now());
    this.scheduler = new Scheduler<number>({
      maxRunning,
      start: (id, slot) => {
        expect(this.model.obstacle(this.model.run(id))).toBe(null);
        this.model.begin(id);
        this.slots.set(id, slot);
      },
      paused: ({ callbackId, until }) => {
        this.announced = `paused ${callbackId} ${until - this.clock.unix() + this.clock.now()}`;
      },
      resumed: ({ callbackId }) => {
        this.announced = `resumed ${callbackId}`;
      },
      clock: this.clock,
      random: () => 0.5,
    });
  }

  take(step: Step): void {
    if (step.kind === "fire") this.fire(step.callback, step.owner);
    else if (step.kind === "end") {
      const ids = [...this.slots.keys()];
      const id = ids[step.which % ids.length];
      if (id !== undefined) this.end(id, step.ending);
    } else if (step.kind === "pass") this.clock.pass(step.ms);
    else if (step.kind === "limit") this.limit(step.callback, step.limits);
    this.check(step.kind !== "fire" && step.kind !== "end");
  }

  limit(callback: number, limits: RunLimits): void {
    this.announced = null;
    this.scheduler.limit(String(callback), limits);
    const resumed = this.model.limit(callback, limits);
    expect(this.announced).toBe(resumed ? `resumed ${callback}` : null);
  }

  fire(callback: number, owner: number): void {
    const { limits } = this.model.of(callback);
    const refusal = this.scheduler.admit(String(callback), limits, owner);
    expect(refusal).toBe(this.model.admit(callback, owner));
    if (refusal !== null) return;
    const id = this.model.runs.length;
    expect(this.scheduler.offer(String(callback), limits, owner, id)).toBe(this.model.offer(callback, owner));
  }

  end(id: number, ending: Ending): void {
    this.announced = null;
    const { callback } = this.model.run(id);
    const retryAt = this.slots.get(id)?.end(ending, null) ?? null;
    this.slots.delete(id);
    const expected = this.model.end(id, ending);
    expect(retryAt === null ? null : retryAt - this.clock.unix() + this.clock.now()).toBe(expected.retryAt);
    const until = this.model.of(callback).pauseEndsAt;
    const words = { paused: `paused ${callback} ${until}`, resumed: `resumed ${callback}` };
    expect(this.announced).toBe(expected.change === null ? null : words[expected.change]);
  }

  /** `settled`: all that may begin must have begun, too. */
  check(settled: boolean): void {
    const { model, scheduler } = this;
    if (settled) this.clock.settle();
    expect(scheduler.running).toBe(model.running().length);
    expect(scheduler.waiting).toBe(model.waiting().length);
    expect(scheduler.delayed).toBe(model.delayed);
    expect([...scheduler.pauses().keys()].sort()).toEqual(
      model.callbacks.flatMap(({ pauseEndsAt }, index) => (pauseEndsAt === null ? [] : [String(index)])),
    );
    for (const [id, counters] of scheduler.counters()) expect(counters).toEqual(model.of(Number(id)).counters);
    if (settled) expect(model.runs.filter((run) => model.obstacle(run) === null)).toEqual([]);
  }

  /** Lets everything come to a good end. */
  async finish(): Promise<void> {
    let rounds = 0;
    for (this.clock.settle(); this.scheduler.running + this.scheduler.waiting > 0; this.clock.settle()) {
      for (const id of [...this.slots.keys()]) this.end(id, "succeeded");
      this.clock.settle();
      if (this.slots.size === 0 && this.scheduler.waiting > 0) this.clock.pass(this.clock.untilNext ?? Number.NaN);
      if (++rounds > 1000) throw new Error("there is no end");
    }
    this.check(true);
    expect(this.clock.timers).toBe(0);
    await this.scheduler.idle();
  }
}

test("a scheduler does what its model does, whatever happens in whatever order", async () => {
  const configurations = fc.array(limits, { minLength: 3, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), configurations, weather, async (maxRunning, each, steps) => {
      const pair = new Pair(maxRunning, each);
      for (const step of steps) pair.take(step);
      await pair.finish();
    }),
    { numRuns: 500 },
  );
});

test("owners take turns, and what an owner has waiting begins as it fired", () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fire },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("end" as const), which: fc.nat({ max: 20 }) }) },
  );
  const serials = fc.array(fc.constantFrom(null, "job" as const), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      serials,
      fc.array(step, { maxLength: 60 }),
      (maxRunning, each, steps) => {
        const clock = new FakeClock();
        const model = new SchedulerModel(
          maxRunning,
          each.map((serial) => ({ ...defaultRunLimits, serial })),
          () => 0,
        );
        const slots = new Map<number, Slot>();
        let round: number[] = [];
        const eligible = (owner: number) =>
          model.waiting().filter((run) => run.owner === owner && isFree(model, run.id));
        const refresh = () => {
          round = round.filter((owner) => eligible(owner).length > 0);
          round.push(...[1, 2, 3, 4, 5, 6].filter((owner) => !round.includes(owner) && eligible(owner).length > 0));
        };
        const scheduler = new Scheduler<number>({
          maxRunning,
          start: (id, slot) => {
            const owner = round.shift();
            expect(id).toBe(eligible(owner ?? 0)[0]?.id);
            model.begin(id);
            slots.set(id, slot);
            refresh();
          },
          paused: () => {},
          resumed: () => {},
          clock,
        });
        for (const step of steps) {
          if (step.kind === "fire") {
            const { limits } = model.of(step.callback);
            expect(scheduler.admit(String(step.callback), limits, step.owner)).toBe(null);
            scheduler.offer(String(step.callback), limits, step.owner, model.runs.length);
            model.offer(step.callback, step.owner);
          } else {
            const ids = [...slots.keys()];
            const id = ids[step.which % ids.length];
            if (id === undefined) continue;
            slots.get(id)?.end("succeeded", null);
            slots.delete(id);
            model.end(id, "succeeded");
          }
          refresh();
          if (step.kind === "end") clock.settle();
        }
        clock.settle();
        expect(scheduler.running).toBe(Math.min(maxRunning, model.running().length));
      },
    ),
    { numRuns: 1000 },
  );
});

/** Whether nothing but room in the engine is missing for a run. */
function isFree(model: SchedulerModel, id: number): boolean {
  const obstacle = model.obstacle(model.run(id));
  if (obstacle !== "the engine is full") return obstacle === null;
  const { callback, owner } = model.run(id);
  return model.of(callback).limits.serial === null || !model.running(callback).some((run) => run.owner === owner);
}
