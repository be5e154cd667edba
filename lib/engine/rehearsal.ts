import type { Callback, Configuration } from "../config/configuration.js";
import { Matcher } from "../trigger/matcher.js";
import { recordsOf, textOf } from "./arguments.js";
import { CallbackTable } from "./callback-table.js";
import type { EngineEvent } from "./engine-event.js";
import { JobRecords } from "./job-records.js";
import { Matching } from "./matching.js";
import { RecordedClock } from "./recorded-clock.js";
import { noRecords } from "./run-book.js";
import { ThrottleWindows } from "./throttle-windows.js";
import { TimeMemory } from "./time-memory.js";
import { TimeTriggers } from "./time-triggers.js";

/** A run that there would be. */
export interface Firing {
  callback: Callback;
  event: string;
  /** The owner; 0 for global events. */
  jobId: number;
  /** Unix milliseconds; null where the event has no time. */
  at: number | null;
  /** Whether the callback's `throttle` would hold it back; false where events have no time. */
  isThrottled: boolean;
}

/**
 * Finds what events fire under a configuration, as an engine does, and runs nothing. Time is what the events say: the times that
 * triggers wait for come in between, as they would have come to an engine that was there.
 */
export class Rehearsal {
  readonly #fired: (firing: Firing) => void;
  readonly #records = new JobRecords();
  readonly #table: CallbackTable;
  readonly #matching: Matching;
  readonly #throttles = new Map<string, ThrottleWindows>();
  #clock: RecordedClock | null = null;
  #times: TimeTriggers | null = null;
  #at: number | null = null;

  constructor({ callbacks }: Configuration, fired: (firing: Firing) => void) {
    this.#fired = fired;
    this.#table = new CallbackTable(callbacks);
    this.#matching = new Matching({
      ...{ matcher: new Matcher(), table: this.#table, records: this.#records, state: null, trace: null },
      fired: (entry, event, jobId) => {
        if (entry.kind === "site") this.#fire(entry.callback, event, jobId);
      },
    });
  }

  /**
   * Lets some of the time pass until a moment in Unix milliseconds; returns whether it has come. Much can happen until then: to be
   * called again until it has, while whoever is told of it can take a breath.
   */
  passTo(at: number): boolean {
    this.#clock ??= this.#begin(at);
    return this.#clock.step(at);
  }

  /**
   * An event was reported, at the moment that has come last if its time is known.
   * @throws UcbError `ERR_UCB_EVENT` if the event is malformed
   */
  report(event: string | EngineEvent, isTimed: boolean): void {
    this.#at = isTimed ? (this.#clock?.unix() ?? null) : null;
    if (typeof event === "string") this.#matching.report(event, noRecords);
    else this.#matching.report(textOf(event), recordsOf(event));
  }

  close(): void {
    this.#times?.close();
    this.#matching.close();
  }

  /** What is past when the first event comes counts as having been. */
  #begin(at: number): RecordedClock {
    const clock = new RecordedClock(at);
    const times = new TimeTriggers({
      triggers: () => this.#table.rules().map(({ trigger }) => trigger),
      jobs: this.#records,
      memory: new TimeMemory([], null),
      emit: (event) => {
        this.#at = clock.unix();
        this.#matching.report(event, noRecords);
      },
      clock,
      longestWaitMs: Number.POSITIVE_INFINITY,
    });
    this.#records.onNew = (id) => times.attaching(id);
    times.triggersChanged();
    this.#times = times;
    return clock;
  }

  #fire(callback: Callback, event: string, jobId: number): void {
    this.#fired({
      callback,
      event,
      jobId,
      at: this.#at,
      isThrottled: this.#at !== null && this.#isThrottled(callback, jobId),
    });
  }

  #isThrottled({ id, options }: Callback, jobId: number): boolean {
    if (options.throttle === null || this.#clock === null) return false;
    const windows = this.#throttles.get(id) ?? new ThrottleWindows(options.throttle);
    this.#throttles.set(id, windows);
    const now = this.#clock.now();
    if (!windows.allows(jobId, now)) return true;
    windows.count(jobId, now);
    return false;
  }
}
