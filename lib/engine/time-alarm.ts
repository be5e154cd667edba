import { type TimeTerm, timeEventName } from "../trigger/time-terms.js";
import type { Placed } from "./heap.js";
import type { TimeMemory } from "./time-memory.js";
import { type SlotsRecord, TimeSlots } from "./time-slots.js";

/** One time, or one series of them, that triggers wait for: one for any number of jobs. */
export class TimeAlarm implements Placed {
  place = -1;
  /** Qube time at which it is looked at next. */
  next = Number.POSITIVE_INFINITY;
  /** The only jobs whose events are asked for; null for all that are attached. */
  jobs: ReadonlySet<number> | null = null;
  readonly key: string;
  readonly isGlobal: boolean;
  readonly slots: TimeSlots;
  readonly #term: TimeTerm;
  readonly #memory: TimeMemory;

  constructor(term: TimeTerm, memory: TimeMemory, now: number) {
    this.#term = term;
    this.#memory = memory;
    this.key = keyOf(term);
    this.isGlobal = term.type === "globaltime" || term.type === "globalrepeat";
    this.slots = new TimeSlots(term, recordOf(memory.get(this.key)), now);
    this.save();
  }

  /** The event of a job; of none for a global one. */
  event(jobId: number): string {
    const { type, extra } = this.#term;
    return this.isGlobal ? `${type}-${extra}` : `${timeEventName}-${type}-${jobId}-${extra}`;
  }

  save(): void {
    this.#memory.set(this.key, JSON.stringify(this.slots.record));
  }

  /** Nobody waits for it any more. */
  forget(): void {
    this.#memory.delete(this.key);
    for (const key of this.#memory.parts(this.key)) this.#memory.delete(key);
  }
}

export function keyOf({ type, extra }: TimeTerm): string {
  return `${type}-${extra}`;
}

function recordOf(text: string | undefined): SlotsRecord | null {
  return text === undefined ? null : (JSON.parse(text) as SlotsRecord);
}
