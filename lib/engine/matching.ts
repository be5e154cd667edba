import type { Job } from "../bridge/supervisor.js";
import { UcbError } from "../errors.js";
import { mistakeOf, parseEvent } from "../trigger/event.js";
import type { Matcher } from "../trigger/matcher.js";
import { LineCounter } from "./batch.js";
import { type CallbackTable, idOf, type TableEntry } from "./callback-table.js";
import type { DurableState } from "./durable-state.js";
import type { JobRecords } from "./job-records.js";
import { MemoryTrace } from "./memory-trace.js";
import { type EventRecords, noRecords } from "./run-book.js";

/** What matching needs around it; one for an engine. */
export interface MatchingRoom {
  matcher: Matcher;
  table: CallbackTable;
  records: JobRecords;
  state: DurableState | null;
  trace: MemoryTrace | null;
  /** Something fires for a job. */
  fired(entry: TableEntry, event: string, jobId: number, records: EventRecords): void;
}

/** Takes events and jobs in, and finds what fires: the way from a report to a run, and all that is remembered on it. */
export class Matching {
  readonly #room: MatchingRoom;
  readonly #matcher: Matcher;
  readonly #state: DurableState | null;
  readonly #trace: MemoryTrace | null;
  /** Rules changed since the matcher was loaded; loading waits for the next event, so that many registrations cost one. */
  #stale = true;
  #isFirstLoad = true;
  /** Since the engine was opened. */
  readonly totals = { events: 0, matches: 0 };
  /** The event being matched, for the visitor below: one closure for all events keeps the path free of allocation. */
  #currentText = "";
  #currentRecords: EventRecords = noRecords;
  readonly #visit = (callback: number, jobId: number) => this.#fired(callback, jobId);

  constructor(room: MatchingRoom) {
    this.#room = room;
    this.#matcher = room.matcher;
    this.#state = room.state;
    this.#trace = room.trace;
    if (room.trace !== null) this.#matcher.trackMemories();
  }

  /** Loads the table's rules before the next event. */
  rulesChanged(): void {
    this.#stale = true;
  }

  /** A job that an earlier engine knew. */
  restore(job: Job): void {
    this.#room.records.update(job);
    this.#matcher.attach(job);
  }

  attach(job: Job): void {
    this.#matcher.attach({ ...this.#room.records.get(job.id), ...job });
    this.#know(job);
  }

  /**
   * Returns the number of runs fired; allocates nothing if that is none and the event is neither the beginning nor the end
   * of a job nor carries its record.
   * @throws UcbError `ERR_UCB_EVENT`
   */
  report(text: string, records: EventRecords): number {
    if (this.#stale) this.#load();
    this.#currentText = text;
    this.#currentRecords = records;
    this.#state?.eventReported(records);
    const isLifecycle = text.startsWith("submit-job-") || text.startsWith("removed-job-");
    const isPlain = !isLifecycle && records.job === undefined;
    const count = isPlain
      ? this.#matcher.matchEach(text, this.#visit)
      : this.#reportWithRecord(text, records.job, isLifecycle);
    if (this.#trace !== null) this.#collectMemories(text);
    this.totals.events++;
    this.totals.matches += count;
    return count;
  }

  /** Whether {@link reportLines} can be used: it cannot tell which of its events has satisfied a trigger. */
  get takesLines(): boolean {
    return this.#trace === null;
  }

  /**
   * {@link report} for each line of a batch that is UTF-8 throughout, much faster. Lines are matched some hundreds of
   * firings ahead of what comes of them.
   */
  reportLines(bytes: Uint8Array, refused: (error: UcbError, line: number) => void): { events: number; runs: number } {
    if (this.#stale) this.#load();
    this.#state?.eventReported(noRecords);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const lines = new LineCounter(buffer);
    let text = "";
    let textAt = -1;
    let runs = 0;
    const events = this.#matcher.matchBatch(
      bytes,
      (callback, jobId, start, end) => {
        runs++;
        if (start !== textAt) {
          text = buffer.toString("utf8", start, end);
          textAt = start;
        }
        this.#currentText = text;
        this.#currentRecords = noRecords;
        this.#fired(callback, jobId);
      },
      (start, end) => refused(mistakeOf(buffer.toString("utf8", start, end)), lines.at(start)),
      (change, jobId) => {
        if (change === "submit") this.#know({ id: jobId });
        else this.#forget(jobId);
      },
    );
    this.totals.events += events;
    this.totals.matches += runs;
    return { events, runs };
  }

  /** What triggers remember; of what happened while nobody took note it is not known by which event. */
  get memories(): MemoryTrace {
    if (this.#stale) this.#load();
    if (this.#trace !== null) return this.#trace;
    const trace = new MemoryTrace(this.#matcher);
    trace.rulesLoaded(this.#room.table.rules());
    trace.takeOver();
    return trace;
  }

  close(): void {
    this.#matcher.close();
  }

  #load(): void {
    const rules = this.#room.table.rules();
    this.#matcher.load(rules);
    this.#stale = false;
    this.#trace?.rulesLoaded(rules);
    this.#state?.rulesLoaded();
    if (this.#trace === null) return;
    if (this.#isFirstLoad) this.#trace.takeOver();
    this.#isFirstLoad = false;
    this.#collectMemories(null);
  }

  /** What triggers remember has changed, by an event or without one: whoever keeps note of it is told. */
  #collectMemories(event: string | null): void {
    this.#matcher.takeChangedMemories((owner, exported) => {
      this.#state?.memoryChanged(owner, exported);
      this.#trace?.changed(owner, exported, event);
    });
  }

  #know(job: Job): void {
    const { records } = this.#room;
    records.update(job);
    this.#state?.attached(records.get(job.id) ?? job);
  }

  #forget(jobId: number): void {
    this.#room.records.delete(jobId);
    this.#state?.removed(jobId);
  }

  /** Events that begin or end an attachment or bring news of a job: rarer, and dearer, than the rest. */
  #reportWithRecord(text: string, job: Job | undefined, isLifecycle: boolean): number {
    const { records } = this.#room;
    const { jobId, name } = parseEvent(text);
    if (job !== undefined && job.id !== jobId) {
      throw new UcbError("ERR_UCB_EVENT", `event "${text}" carries the record of job ${job.id}`);
    }
    const isSubmission = isLifecycle && name === "submit";
    const record = job ?? { id: jobId };
    if (isSubmission || records.get(jobId) !== undefined) {
      this.#know(record);
      if (isSubmission || job !== undefined) this.#matcher.attach(records.get(jobId) ?? record);
    }
    try {
      return this.#matcher.matchEach(text, this.#visit);
    } finally {
      if (isLifecycle && name === "removed") this.#forget(jobId);
    }
  }

  #fired(callback: number, jobId: number): void {
    const entry = this.#room.table.get(callback);
    if (entry === undefined) return;
    const text = this.#currentText;
    const records = this.#currentRecords;
    const causes = this.#trace?.causes(jobId, idOf(entry));
    this.#room.fired(entry, text, jobId, causes === undefined ? records : { ...records, causes });
    // Whoever listens may have emitted another event, while this one fires more.
    this.#currentText = text;
    this.#currentRecords = records;
  }
}
