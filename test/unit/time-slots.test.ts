import fc from "fast-check";
import { expect, it } from "vitest";
import { TimeSlots } from "../../lib/engine/time-slots.js";

/** Remembers every single time there was. */
class NaiveSlots {
  readonly #taken = new Set<number>();

  constructor(
    readonly at: number,
    readonly interval: number | null,
    start: number,
  ) {
    for (
      let slot = this.#latest(start);
      slot !== null && slot >= at;
      slot = interval === null ? null : slot - interval
    ) {
      this.#taken.add(slot);
    }
  }

  due(now: number): number | null {
    const slot = this.#latest(now);
    if (slot === null || this.#taken.has(slot)) return null;
    this.#taken.add(slot);
    return slot;
  }

  #latest(now: number): number | null {
    if (now < this.at) return null;
    return this.interval === null ? this.at : this.at + Math.floor((now - this.at) / this.interval) * this.interval;
  }
}

function taken(slots: TimeSlots, now: number): number | null {
  const slot = slots.due(now);
  if (slot !== null) slots.take(slot);
  return slot;
}

const interval = fc.option(fc.integer({ min: 1, max: 12 }), { nil: null });

it("never takes a time twice, and the latest always, however the clock is set and the engine restarted", () => {
  fc.assert(
    fc.property(
      fc.record({ at: fc.nat(60), interval, start: fc.nat(80) }),
      fc.array(fc.record({ now: fc.nat(200), restart: fc.boolean() }), { maxLength: 60 }),
      ({ start, ...series }, looks) => {
        let slots = new TimeSlots(series, null, start);
        const seen = new Set<number>();
        for (const { now, restart } of looks) {
          if (restart) slots = new TimeSlots(series, JSON.parse(JSON.stringify(slots.record)), now);
          const slot = taken(slots, now);
          if (slot === null) continue;
          expect(seen.has(slot)).toBe(false);
          expect(slot).toBeLessThanOrEqual(now);
          expect((slot - series.at) % (series.interval ?? 1)).toBe(0);
          seen.add(slot);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

it("takes what a model takes that remembers all, where the clock was wrong once and is set right", () => {
  fc.assert(
    fc.property(
      fc.record({ at: fc.nat(60), interval, start: fc.nat(80) }),
      fc.array(fc.nat(30), { maxLength: 10 }),
      fc.nat(500),
      fc.array(fc.nat(5), { maxLength: 40 }),
      ({ start, ...series }, steps, wrongBy, later) => {
        const slots = new TimeSlots(series, null, start);
        const model = new NaiveSlots(series.at, series.interval, start);
        let now = start;
        const look = (at: number) => expect(taken(slots, at)).toBe(model.due(at));
        // In steps no longer than the interval nothing is skipped but by the wrong clock.
        for (const step of steps) {
          now += Math.min(step, series.interval ?? step);
          look(now);
        }
        look(now + wrongBy);
        look(now + wrongBy + 1);
        for (const step of later) {
          now += Math.min(step, series.interval ?? step);
          look(now);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

it("knows the next time that may be due", () => {
  fc.assert(
    fc.property(
      fc.record({ at: fc.nat(60), interval, start: fc.nat(80) }),
      fc.array(fc.nat(200), { maxLength: 30 }),
      ({ start, ...series }, looks) => {
        const slots = new TimeSlots(series, null, start);
        for (const now of looks) {
          taken(slots, now);
          const next = slots.next(now);
          const first = Array.from({ length: 400 }, (_, ahead) => now + 1 + ahead).find(
            (then) => slots.due(then) !== null,
          );
          expect(next).toBe(first ?? null);
        }
      },
    ),
    { numRuns: 500 },
  );
});
