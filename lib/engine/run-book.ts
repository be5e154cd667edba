import { decodeTime, monotonicFactory } from "ulid";
import type { Job, Subjob, Work } from "../bridge/supervisor.js";
import type { ErrorCode } from "../errors.js";
import type { Beginning, Outcome } from "../execute/execution.js";
import { firedRun, type Run, type SatisfiedTerm } from "../execute/run.js";
import { RandomBytes } from "../random-bytes.js";
import { parseEvent } from "../trigger/event.js";
import { idOf, nameOf, type TableEntry, triggersOf } from "./callback-table.js";

/** A run that has not ended, with what it was fired with. */
export interface OpenRun {
  run: Run;
  entry: TableEntry;
  /** What was known of the owner when it fired. */
  known: Job;
  /** The owner's record as the event carried it. */
  carried: Job | undefined;
  work: Work | undefined;
  subjob: Subjob | undefined;
}

/** What came with an event beside its text. */
export interface EventRecords {
  job?: Job | undefined;
  work?: Work | undefined;
  subjob?: Subjob | undefined;
  /** What happened before that the callback has waited for; absent if nobody took note. */
  causes?: readonly SatisfiedTerm[];
}

/** What came with an event that carries nothing. */
export const noRecords: EventRecords = {};

/** Writes the records of runs: the only place that changes one. */
export class RunBook {
  /** Monotonic, so that runs of one millisecond still sort in the order they fired. */
  readonly #nextId = monotonicFactory(fractions());
  readonly #triggers = new WeakMap<TableEntry, readonly string[]>();
  /** Unix milliseconds of the latest id that an earlier engine gave; the clock may have been set back since. */
  #latest = 0;

  /** The number of the configuration that holds. */
  generation = 1;

  open(entry: TableEntry, event: string, jobId: number, known: Job | undefined, records: EventRecords): OpenRun {
    const run = firedRun({
      id: this.#nextId(Math.max(Date.now(), this.#latest)),
      callbackId: idOf(entry),
      callback: nameOf(entry),
      event,
      eventFields: parseEvent(event),
      jobId,
      triggers: this.#triggersOf(entry),
      causes: records.causes ?? null,
      generation: this.generation,
      queuedAt: Date.now(),
    });
    const carried = records.job !== undefined && records.job.id === jobId ? records.job : undefined;
    return {
      run,
      entry,
      known: known ?? { id: jobId },
      carried,
      work: records.work,
      subjob: records.subjob,
    };
  }

  /** The same list for all runs of a callback. */
  #triggersOf(entry: TableEntry): readonly string[] {
    const known = this.#triggers.get(entry);
    if (known !== undefined) return known;
    const texts = triggersOf(entry).map(({ text }) => text);
    this.#triggers.set(entry, texts);
    return texts;
  }

  start(run: Run, details: Beginning, startedAt = Date.now()): void {
    run.state = "running";
    run.retryAt = null;
    run.reason = null;
    run.code = null;
    run.startedAt = startedAt;
    run.pid = details.pid;
    run.log = details.log;
    if (details.warm !== undefined) run.warm = details.warm;
  }

  end(run: Run, outcome: Outcome): void {
    run.state = outcome.state;
    run.exitCode = outcome.exitCode;
    run.signal = outcome.signal;
    run.durationMs = outcome.durationMs;
    run.usage = outcome.usage;
    run.log = outcome.log;
    run.reason = outcome.reason;
    run.code = outcome.code;
    run.retryAt = null;
    run.endedAt = Date.now();
  }

  /** Runs that fire from now on get ids behind those that an earlier engine gave. */
  startAfter(id: string): void {
    this.#latest = Math.max(this.#latest, decodeTime(id));
  }

  /** An attempt has ended, and the run waits for another, which is due at `retryAt`. */
  retry(run: Run, outcome: Outcome, retryAt: number): void {
    const what = outcome.state === "lost" ? "was lost" : "asked to be repeated";
    run.reason = `attempt ${run.attempt} ${what}: ${outcome.reason}`;
    run.code = outcome.code;
    run.log = outcome.log;
    run.state = "queued";
    run.attempt++;
    run.retryAt = retryAt;
    run.startedAt = null;
    run.pid = null;
  }

  drop(run: Run, reason: string, code: ErrorCode): void {
    run.state = "dropped";
    run.reason = reason;
    run.code = code;
    run.retryAt = null;
    run.endedAt = Date.now();
  }
}

/** Numbers from 0 to less than 1, of 8 bits each. */
function fractions(): () => number {
  const random = new RandomBytes();
  return () => random.byte() / 256;
}
