import type { TimeAlarm } from "./time-alarm.js";
import { partOf, type TimeMemory } from "./time-memory.js";

/** A part of an unfinished pass, as it is kept: the jobs that are not to be visited again. */
interface PassRecord {
  slot: number;
  jobs: number[];
}

/** The jobs of an engine. */
export interface AttachedJobs {
  /** Jobs may come and go while this is read. */
  ids(): Iterable<number>;
  has(jobId: number): boolean;
}

/** How many jobs are kept in one entry at most. */
const mostInEntry = 2000;

/**
 * A time that has come, on its way through all jobs that were attached then. Another engine can go on with it where this one
 * ended.
 */
export class TimePass {
  readonly alarm: TimeAlarm;
  readonly slot: number;
  readonly #memory: TimeMemory;
  readonly #jobs: AttachedJobs;
  #iterator: Iterator<number> | null = null;
  /** Attached since, or visited by an engine before. */
  readonly #passedOver: Set<number>;
  /** What is not kept yet. */
  #unkept: number[] = [];
  #entries: number;

  constructor(alarm: TimeAlarm, slot: number, memory: TimeMemory, jobs: AttachedJobs) {
    this.alarm = alarm;
    this.slot = slot;
    this.#memory = memory;
    this.#jobs = jobs;
    const records = recordsOf(alarm, memory).filter((record) => record.slot === slot);
    this.#passedOver = new Set(records.flatMap((record) => record.jobs));
    this.#entries = memory.parts(alarm.key).length;
  }

  /** The time of a pass of this alarm that an engine before did not finish; null if there is none. */
  static unfinished(alarm: TimeAlarm, memory: TimeMemory): number | null {
    return recordsOf(alarm, memory)[0]?.slot ?? null;
  }

  /** A job that is attached from now on does not take part. */
  attached(jobId: number): void {
    this.#passedOver.add(jobId);
    this.#note(jobId);
  }

  /** The next job whose event is to be reported: 0 for a global event; null if all is done. */
  next(): number | null {
    this.#iterator ??= this.#all()[Symbol.iterator]();
    for (let step = this.#iterator.next(); !step.done; step = this.#iterator.next()) {
      const jobId = step.value;
      if (this.#passedOver.has(jobId)) continue;
      this.#note(jobId);
      return jobId;
    }
    return null;
  }

  /** Keeps how far it has come; to be called in the turn of the event loop in which the events were reported. */
  pause(): void {
    if (this.#unkept.length === 0) return;
    const record: PassRecord = { slot: this.slot, jobs: this.#unkept };
    this.#unkept = [];
    this.#memory.set(partOf(this.alarm.key, this.#entries++), JSON.stringify(record));
  }

  finish(): void {
    const { alarm } = this;
    alarm.slots.take(this.slot);
    alarm.save();
    for (const key of this.#memory.parts(alarm.key)) this.#memory.delete(key);
  }

  #all(): Iterable<number> {
    if (this.alarm.isGlobal) return [0];
    const { jobs } = this.alarm;
    return jobs === null ? this.#jobs.ids() : [...jobs].filter((jobId) => this.#jobs.has(jobId));
  }

  #note(jobId: number): void {
    if (!this.#memory.isDurable) return;
    this.#unkept.push(jobId);
    if (this.#unkept.length >= mostInEntry) this.pause();
  }
}

function recordsOf(alarm: TimeAlarm, memory: TimeMemory): PassRecord[] {
  return memory.parts(alarm.key).map((key) => JSON.parse(memory.get(key) ?? "null") as PassRecord);
}
