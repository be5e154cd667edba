import { argumentError, isObject, shownValue } from "../argument-error.js";
import { asUcbError, UcbError } from "../errors.js";
import {
  type NativeHalfSatisfied,
  type NativeMatcher,
  type NativeMatcherStats,
  native,
  nativeBatchKinds,
} from "../native.js";
import { compileProgram, type Rule } from "./compile.js";
import { type EventFields, formatEvent, mistakeOf } from "./event.js";

/** A callback that an event fires, and the job that owns the firing: 0 for global events. */
export interface Match {
  /** The number that its rule has. */
  callback: number;
  /** The owner. */
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

/** `exported` is all that the owner, a job's id or 0 for global events, remembers; null if that is nothing. */
export type MemoryVisitor = (owner: number, exported: Uint8Array<ArrayBuffer> | null) => void;

/** Called for every event: the addon's object answers a look-up by hashing the name. */
const { matcherMatchChosen } = native;

/** In place of a closed matcher's own. */
const neverChosen = new Float64Array(1);
/** Pairs an answer may have before it is fetched in a second call. */
const usualPairs = 512;
/** What a batch is told by at a time: three numbers in front, and four for each of up to 512 entries. */
const batchHeader = 3;
const batchNumbers = batchHeader + 512 * 4;

/**
 * Decides which callbacks an event fires, and for which jobs; remembers what `&&` triggers have seen. Jobs attach
 * with their `submit-job` event, or by {@link attach}, and detach after `removed-job`. Freed with its last reference.
 */
export class Matcher {
  #handle: NativeMatcher | null;
  /** Written by the native side; see {@link native.matcherCreate}. */
  readonly #numbers: Float64Array;
  #isChosen: Float64Array;
  /** Where answers are copied to before their visitor is called, who may match other events; null while in use. */
  #pairs: Float64Array | null = new Float64Array(usualPairs * 2);
  #batch: Float64Array | null = null;

  constructor() {
    [this.#handle, this.#numbers, this.#isChosen] = native.matcherCreate(usualPairs);
  }

  /**
   * Replaces all rules. What rules with an unchanged key and trigger text remember stays; attached jobs stay.
   * @throws UcbError `ERR_UCB_ARGUMENT` for a callback number out of range
   */
  load(rules: readonly Rule[]): void {
    if (!Array.isArray(rules)) throw argumentError("rules", "a list", rules);
    native.matcherLoad(this.#open(), compileProgram(rules));
  }

  /**
   * Attaches a job, or updates parent, group and label of an attached one.
   * @throws UcbError `ERR_UCB_ARGUMENT` for ids out of range
   */
  attach(job: AttachedJob): void {
    if (!isObject(job)) throw argumentError("job", "an object with an id", job);
    const { id, pid, pgrp, label } = job;
    checkId("job id", id, 1);
    checkId("parent job id", pid ?? 0, 0);
    checkId("process group", pgrp ?? 0, 0);
    if (typeof (label ?? "") !== "string") throw argumentError(`the label of job ${id}`, "a string", label);
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
   * it allocates nothing unless hundreds fire. `fire` may use the matcher.
   * @throws UcbError `ERR_UCB_EVENT` for a malformed event
   */
  matchEach(event: string | EventFields, fire: (callback: number, jobId: number) => void): number {
    if (this.#isChosen[0] !== 1) native.matcherChoose(this.#open());
    const text = typeof event === "string" ? event : formatEvent(event);
    matcherMatchChosen(text);
    const count = this.#numbers[0] ?? 0;
    if (count === 0) return 0;
    if (typeof fire !== "function") throw argumentError("fire", "a function", fire);
    if (count === 1) {
      fire(this.#numbers[2] ?? 0, this.#numbers[3] ?? 0);
      return 1;
    }
    if (count < 0) throw mistakeOf(text);
    const pairs = this.#take(count);
    try {
      for (let at = 0; at < count * 2; at += 2) fire(pairs[at] ?? 0, pairs[at + 1] ?? 0);
    } finally {
      if (pairs.length === usualPairs * 2) this.#pairs = pairs;
    }
    return count;
  }

  /**
   * Matches many events, one a line that ends with a newline (a carriage return before it is dropped); empty lines are
   * skipped, and what is no UTF-8 is read as U+FFFD. Calls `fire` for all that the events fire, in order, `malformed` for
   * each line that is no event, and `job` for each job that `submit-job` or `removed-job` attaches or detaches: before
   * what a submission fires, after what a removal fires. `start` and `end` are where the line stands in `bytes`.
   *
   * Lines are matched some hundreds of firings ahead of the visitors. They may use the matcher, but what they change counts
   * only for lines not matched yet; if one throws, the batch ends there. Returns how many lines were events.
   */
  matchBatch(
    bytes: Uint8Array,
    fire: (callback: number, jobId: number, start: number, end: number) => void,
    malformed?: (start: number, end: number) => void,
    job?: (change: "submit" | "removed", jobId: number) => void,
  ): number {
    if (!(bytes instanceof Uint8Array)) throw argumentError("bytes", "a Uint8Array", bytes);
    if (typeof fire !== "function") throw argumentError("fire", "a function", fire);
    const results = this.#batch ?? new Float64Array(batchNumbers);
    this.#batch = null;
    let events = 0;
    try {
      let next = startsWithByteOrderMark(bytes) ? 3 : 0;
      while (next < bytes.length) {
        const answer = native.matcherMatchBatch(this.#open(), bytes, next, results, job !== undefined) ?? results;
        next = answer[0] ?? 0;
        events += answer[1] ?? 0;
        const used = answer[2] ?? 0;
        for (let at = batchHeader; at < used; at += 4) {
          const what = answer[at] ?? 0;
          const jobId = answer[at + 1] ?? 0;
          if (what >= 0) fire(what, jobId, answer[at + 2] ?? 0, answer[at + 3] ?? 0);
          else if (what === nativeBatchKinds.malformed) malformed?.(answer[at + 2] ?? 0, answer[at + 3] ?? 0);
          else job?.(what === nativeBatchKinds.submitted ? "submit" : "removed", jobId);
        }
      }
    } finally {
      this.#batch = results;
    }
    return events;
  }

  /**
   * From now on {@link takeChangedMemories} tells whose memories changed: when something is remembered, used up by
   * firing, or forgotten because its job or its rule is gone. Cannot be undone.
   */
  trackMemories(): void {
    native.matcherTrackMemories(this.#open());
  }

  /**
   * Calls `visit` for each owner whose memories changed since the last call, once, with all it remembers now, or null if
   * that is nothing, and returns how many there were. An owner is a job's id, or 0 for global events. The bytes are the
   * visitor's to keep. What `visit` changes is told by the next call; if it throws, so are the owners it was not called for.
   */
  takeChangedMemories(visit: MemoryVisitor): number {
    const handle = this.#open();
    if (this.#numbers[1] === 0) return 0;
    const list = new MemoryList(native.matcherTakeChangedMemories(handle));
    let visited = 0;
    let failing = true;
    try {
      for (; list.next(); visited++) visit(list.owner, list.exported);
      failing = false;
    } finally {
      if (failing) {
        do native.matcherNoteChangedMemories(handle, list.owner);
        while (list.next());
      }
    }
    return visited;
  }

  /**
   * Calls `visit` for every owner that remembers something, in no order, and returns how many there were. What is
   * exported can be imported into a matcher of any process with the same rules. Owners that change meanwhile may be
   * visited or not.
   */
  exportMemories(visit: (owner: number, exported: Uint8Array<ArrayBuffer>) => void): number {
    let visited = 0;
    let cursor = 0;
    do {
      const list = new MemoryList(native.matcherExportMemories(this.#open(), cursor));
      for (; list.next() && list.exported !== null; visited++) visit(list.owner, list.exported);
      cursor = list.owner;
    } while (cursor !== 0);
    return visited;
  }

  /**
   * Replaces all that an owner remembers by what was exported. To be called after {@link load}: what belongs to rules
   * that are not loaded, or not with this trigger, is dropped, and the owner then counts as changed. The job need not be
   * attached, and attaching it later keeps its memories.
   * @throws UcbError `ERR_UCB_MEMORIES` if the bytes are malformed, `ERR_UCB_ARGUMENT` for an owner out of range; both
   * change nothing
   */
  importMemories(owner: number, exported: Uint8Array): void {
    checkId("owner", owner, 0);
    if (!(exported instanceof Uint8Array)) {
      throw new UcbError("ERR_UCB_ARGUMENT", `the memories of job ${owner} are not bytes`);
    }
    const handle = this.#open();
    try {
      native.matcherImportMemories(handle, owner, exported);
    } catch (error) {
      throw asUcbError(error, "ERR_UCB_MEMORIES", "");
    }
  }

  /** The rules an owner (a job's id, 0 for global events) has half satisfied, and by which of their terms. */
  remembered(owner: number): NativeHalfSatisfied[] {
    checkId("owner", owner, 0);
    return native.matcherRemembered(this.#open(), owner);
  }

  /** Sizes, for those who watch memory. */
  get stats(): NativeMatcherStats {
    return native.matcherStats(this.#open());
  }

  /** Lets go of all rules and memories; whatever is called afterwards throws `ERR_UCB_CLOSED`. */
  close(): void {
    this.#handle = null;
    this.#isChosen = neverChosen;
  }

  /** A copy of the answer. */
  #take(count: number): Float64Array {
    const pairs = count <= usualPairs && this.#pairs !== null ? this.#pairs : new Float64Array(count * 2);
    if (pairs.length === usualPairs * 2) this.#pairs = null;
    if (count <= usualPairs) for (let at = 0; at < count * 2; at++) pairs[at] = this.#numbers[at + 2] ?? 0;
    else native.matcherFetch(this.#open(), pairs, 0);
    return pairs;
  }

  #open(): NativeMatcher {
    if (this.#handle === null) throw new UcbError("ERR_UCB_CLOSED", "the matcher was closed");
    return this.#handle;
  }
}

/** Reads owners and what they remember from the form in which they cross. */
class MemoryList {
  owner = 0;
  exported: Uint8Array<ArrayBuffer> | null = null;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  /** Moves on to the next owner; false if there is none, and then the last one stays. */
  next(): boolean {
    if (this.#at === this.#bytes.length) return false;
    this.owner = this.#view.getFloat64(this.#at, true);
    const start = this.#at + 16;
    this.#at = start + this.#view.getFloat64(this.#at + 8, true);
    this.exported = this.#at === start ? null : this.#bytes.slice(start, this.#at);
    return true;
  }
}

/** Decoders take it for the encoding's mark and not for text. */
function startsWithByteOrderMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

function checkId(what: string, id: number, least: number): void {
  if (Number.isSafeInteger(id) && id >= least) return;
  throw new UcbError("ERR_UCB_ARGUMENT", `${what} ${shownValue(id)} is not a whole number from ${least} to 2^53-1`);
}
