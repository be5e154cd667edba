import type { Job } from "../bridge/supervisor.js";
import { UcbError } from "../errors.js";
import type { RunProcess } from "../execute/execution.js";
import { bootId } from "../execute/process-identity.js";
import type { Run } from "../execute/run.js";
import { endChanges, jobChange, memoryChange, progressChange, runChange, storedChanges } from "../journal/changes.js";
import type { Journal, JournalOwner } from "../journal/journal.js";
import type { Change, StoredProcess, StoredRun, StoredState } from "../journal/records.js";
import type { Matcher } from "../trigger/matcher.js";
import type { EngineEmitter } from "./engine-events.js";
import type { JobRecords } from "./job-records.js";
import type { EventRecords, OpenRun } from "./run-book.js";
import { TimeMemory } from "./time-memory.js";

interface Kept {
  open: OpenRun;
  process: StoredProcess | null;
  /** What {@link Journal.reached} is asked with: the run may begin once the system could not forget it. */
  sequence: number;
}

/** What of an engine outlives it: its runs that have not ended, the attached jobs, and what triggers remember. */
export class DurableState implements JournalOwner {
  readonly times: TimeMemory;
  readonly #journal: Journal;
  readonly #matcher: Matcher;
  readonly #records: JobRecords;
  readonly #events: EngineEmitter;
  readonly #bootId = bootId();
  readonly #runs = new Map<string, Kept>();
  readonly #unclaimed = new Map<string, StoredRun>();
  /** Records are written with each of a job's runs, and seldom change. */
  readonly #json = new WeakMap<object, string>();
  /** What an earlier engine's triggers remembered, until rules are loaded that it can be given to. */
  #memories: StoredState["memories"];

  constructor(
    journal: Journal,
    { memories, times }: Pick<StoredState, "memories" | "times">,
    around: { matcher: Matcher; records: JobRecords; events: EngineEmitter },
  ) {
    this.#journal = journal;
    this.#memories = memories;
    this.#matcher = around.matcher;
    this.#records = around.records;
    this.#events = around.events;
    this.times = new TimeMemory(times, (change) => void journal.put(change));
    this.#matcher.trackMemories();
    journal.attachOwner(this);
  }

  /** Rules were loaded: what an earlier engine's triggers remembered is theirs from now on. */
  rulesLoaded(): void {
    const memories = this.#memories;
    this.#memories = [];
    for (const [owner, exported] of memories) {
      try {
        this.#matcher.importMemories(owner, exported);
      } catch (error) {
        this.#events.tell(
          "problem",
          new UcbError("ERR_UCB_STATE", `what triggers remembered of job ${owner} cannot be read`, { cause: error }),
        );
      }
    }
    this.#journal.wake();
  }

  /**
   * To be called before an event is matched: what triggers remember may change, and its records must be such that they
   * can be kept.
   * @throws UcbError `ERR_UCB_EVENT`
   */
  eventReported({ job, work, subjob }: EventRecords): void {
    if (job !== undefined) this.#jsonOf(job);
    if (work !== undefined) this.#jsonOf(work);
    if (subjob !== undefined) this.#jsonOf(subjob);
    this.#journal.wake();
  }

  memoryChanged(owner: number, exported: Uint8Array | null): void {
    this.#journal.put(memoryChange(owner, exported));
  }

  attached(job: Job): void {
    this.#journal.put(this.#jobChange(job));
  }

  removed(id: number): void {
    this.#journal.put(jobChange(id, null));
  }

  fired(open: OpenRun): void {
    this.#runs.set(open.run.id, { open, process: null, sequence: this.#journal.put(this.#runChange(open)) });
  }

  /** A run that an earlier engine has written, with the process it may have. */
  restored(open: OpenRun, process: StoredProcess | null): void {
    this.#unclaimed.delete(open.run.id);
    this.#runs.set(open.run.id, { open, process, sequence: 0 });
  }

  /** A run that an earlier engine has written, and that waits for its function to be registered. */
  unclaimed(stored: StoredRun): void {
    this.#unclaimed.set(stored.run.id, stored);
  }

  /** Null if the run may begin; else resolves when it may: no process is started that the next engine would not know of. */
  mayBegin({ run }: OpenRun): Promise<void> | null {
    return this.#journal.reached(this.#runs.get(run.id)?.sequence ?? 0);
  }

  began({ run }: OpenRun, process: RunProcess | null): void {
    const kept = this.#runs.get(run.id);
    if (kept === undefined) return;
    kept.process = process === null ? null : { ...process, bootId: this.#bootId };
    this.#journal.put(progressChange(run, kept.process));
  }

  /** An attempt has ended, and the run waits for another. */
  waits(open: OpenRun): void {
    this.began(open, null);
  }

  ended({ run }: OpenRun): void {
    if (this.#runs.delete(run.id)) this.#journal.put(...endChanges(run));
  }

  /** @throws UcbError `ERR_UCB_STATE` if what was reported before could not be written */
  flush(): Promise<void> {
    return this.#journal.flush();
  }

  finishedRuns(limit?: number): Promise<Run[]> {
    return this.#journal.finished(limit);
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  complete(): void {
    this.times.gather();
    this.#matcher.takeChangedMemories((owner, exported) => this.memoryChanged(owner, exported));
  }

  *snapshot(): Iterable<Change> {
    for (const { open, process } of this.#runs.values()) {
      yield this.#runChange(open);
      yield progressChange(open.run, process);
    }
    for (const stored of this.#unclaimed.values()) yield* storedChanges(stored);
    for (const job of this.#records.all()) yield this.#jobChange(job);
    for (const [owner, exported] of this.#memories) yield memoryChange(owner, exported);
    yield* this.times.changes();
    // What changes from here on is told as a change, so this is asked for at once.
    const memories: Change[] = [];
    this.#matcher.exportMemories((owner, exported) => memories.push(memoryChange(owner, exported)));
    yield* memories;
  }

  durabilityChanged(problem: UcbError | null): void {
    if (problem !== null) this.#events.tell("problem", problem);
    this.#events.tell("durability", problem);
  }

  #runChange({ run, entry, known, carried, work, subjob }: OpenRun): Change {
    const optional = (record: object | undefined) => (record === undefined ? undefined : this.#jsonOf(record));
    return runChange(
      { run, kind: entry.kind === "function" ? "function" : "site" },
      { known: this.#jsonOf(known), carried: optional(carried), work: optional(work), subjob: optional(subjob) },
    );
  }

  #jobChange(job: Job): Change {
    return jobChange(job.id, this.#jsonOf(job));
  }

  #jsonOf(record: object): string {
    const known = this.#json.get(record);
    if (known !== undefined) return known;
    const json = written(record);
    this.#json.set(record, json);
    return json;
  }
}

function written(record: object): string {
  try {
    return JSON.stringify(record);
  } catch (error) {
    const { message } = error as Error;
    throw new UcbError("ERR_UCB_EVENT", `the event's record cannot be written as JSON: ${message}`, { cause: error });
  }
}
