import { UcbError } from "../errors.js";
import { type NativeMatcher, type NativeMatcherStats, native } from "../native.js";
import { compileProgram, type Rule } from "./compile.js";
import { type EventFields, formatEvent, parseEvent } from "./event.js";

/** A callback that an event fires, and the job that owns the firing: 0 for global events. */
export interface Match {
  callback: number;
  jobId: number;
}

/** What the matcher knows of a job between its submission and its removal. */
export interface AttachedJob {
  /** 1 to 2^53-1. */
  id: number;
  /** The parent job; 0 or absent is none. */
  pid?: number | undefined;
  /** The process group; 0 or absent is the job's own id. */
  pgrp?: number | undefined;
  /** Absent or empty: no label context finds the job. */
  label?: string | undefined;
}

/** Pairs an answer may have before it is fetched in a second call. */
const usualPairs = 512;

/**
 * Decides which callbacks an event fires, and for which jobs; remembers what `&&` triggers have seen. Jobs attach
 * with their `submit-job` event, or by {@link attach}, and detach after `removed-job`. Freed with its last reference.
 */
export class Matcher {
  readonly #results = new Float64Array(usualPairs * 2);
  #handle: NativeMatcher | null = native.matcherCreate(this.#results);

  /**
   * Replaces all rules. What rules with an unchanged key and trigger text remember stays; attached jobs stay.
   * @throws UcbError `ERR_UCB_ARGUMENT` for a callback number out of range
   */
  load(rules: readonly Rule[]): void {
    native.matcherLoad(this.#open(), compileProgram(rules));
  }

  /**
   * Attaches a job, or updates parent, group and label of an attached one.
   * @throws UcbError `ERR_UCB_ARGUMENT` for ids out of range
   */
  attach({ id, pid, pgrp, label }: AttachedJob): void {
    checkId("job id", id, 1);
    checkId("parent job id", pid ?? 0, 0);
    checkId("process group", pgrp ?? 0, 0);
    if (label !== undefined && typeof label !== "string") {
      throw new UcbError("ERR_UCB_ARGUMENT", `the label of job ${id} is not a string`);
    }
    native.matcherAttach(this.#open(), id, pid ?? 0, pgrp ?? 0, label ?? "");
  }

  /** Detaches a job, attached or not, and forgets all it has half satisfied. */
  detach(id: number): void {
    checkId("job id", id, 1);
    native.matcherDetach(this.#open(), id);
  }

  /**
   * What an event fires, by callback number and then by job id.
   * @throws UcbError `ERR_UCB_EVENT` for a malformed event
   */
  match(event: string | EventFields): readonly Match[] {
    const matches: Match[] = [];
    this.matchEach(event, (callback, jobId) => matches.push({ callback, jobId }));
    return matches;
  }

  /**
   * Calls `fire` for all that {@link match} would return, in its order, and returns how many there were. Given text,
   * it allocates nothing unless several callbacks fire. `fire` may use the matcher.
   * @throws UcbError `ERR_UCB_EVENT` for a malformed event
   */
  matchEach(event: string | EventFields, fire: (callback: number, jobId: number) => void): number {
    const handle = this.#open();
    const text = typeof event === "string" ? event : formatEvent(event);
    const count = native.matcherMatch(handle, text);
    if (count === 0) return 0;
    if (count === 1) {
      fire(this.#results[0] ?? 0, this.#results[1] ?? 0);
      return 1;
    }
    if (count < 0) throw refusal(text);
    const pairs = this.#take(handle, count);
    for (let at = 0; at < pairs.length; at += 2) fire(pairs[at] ?? 0, pairs[at + 1] ?? 0);
    return count;
  }

  /** Sizes, for those who watch memory. */
  get stats(): NativeMatcherStats {
    return native.matcherStats(this.#open());
  }

  /** Lets go of all rules and memories; whatever is called afterwards throws `ERR_UCB_CLOSED`. */
  close(): void {
    this.#handle = null;
  }

  /** A copy of the answer, since `fire` may match other events. */
  #take(handle: NativeMatcher, count: number): Float64Array {
    if (count * 2 <= this.#results.length) return this.#results.slice(0, count * 2);
    const pairs = new Float64Array(count * 2);
    native.matcherFetch(handle, pairs, 0);
    return pairs;
  }

  #open(): NativeMatcher {
    if (this.#handle === null) throw new UcbError("ERR_UCB_CLOSED", "the matcher was closed");
    return this.#handle;
  }
}

function refusal(text: string): UcbError {
  try {
    parseEvent(text);
  } catch (error) {
    if (error instanceof UcbError) return error;
  }
  return new UcbError("ERR_UCB_EVENT", "the event is malformed");
}

function checkId(what: string, id: number, least: number): void {
  if (Number.isSafeInteger(id) && id >= least) return;
  throw new UcbError("ERR_UCB_ARGUMENT", `${what} ${String(id)} is not a whole number from ${least} to 2^53-1`);
}
