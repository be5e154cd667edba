import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { UcbError } from "../errors.js";
import type { Run } from "../execute/run.js";
import { packageRoot } from "../package-root.js";
import type { Change, JournalReply, JournalRequest, StoredState } from "./records.js";
import { lockState, type StateLock } from "./state-lock.js";
import type { Retention } from "./store.js";

export interface JournalOptions {
  /** How long finished runs are kept; default a week, and at most 100,000 of them. */
  retention?: Partial<Retention>;
}

/** What a journal needs of the engine that keeps it. */
export interface JournalOwner {
  /**
   * Everything that should be in the journal, asked for after a time in which nothing could be written. It may be read in
   * several turns of the event loop: what changes in between is put as well.
   */
  snapshot(): Iterable<Change>;
  /** Called before what was put in this turn of the event loop is sent, to put what is gathered until then. */
  complete(): void;
  /** Told when runs stop being durable, and with null when they are again. */
  durabilityChanged(problem: UcbError | null): void;
}

const usualRetention: Retention = { ms: 7 * 24 * 3600 * 1000, runs: 100_000 };
/** How long after a failure writing is tried again: twice as long each time, up to the second. */
const firstRetryMs = 1000;
const longestRetryMs = 30_000;
/** How long a snapshot may hold up the event loop. */
const longestSliceMs = 4;

/**
 * The durable state of one engine: LMDB in a folder that only this user can enter, written by a thread of its own. Changes
 * made in one turn of the event loop reach the disk together or not at all, in their order.
 */
export class Journal {
  readonly #worker: Worker;
  readonly #lock: StateLock;
  #state: StoredState;
  #owner: JournalOwner | null = null;
  #changes: Change[] = [];
  #scheduled = false;
  #sent = 0;
  #durable = 0;
  #problem: UcbError | null = null;
  /** The request that writes everything anew, once it is on its way; 0 before. Changes made after it follow it. */
  #replacing = 0;
  #retry: NodeJS.Timeout | null = null;
  #retryMs = firstRetryMs;
  /** A snapshot is being read: nothing may overtake it. */
  #reading = false;
  #waiting: { sequence: number; resolve: () => void; reject: (error: UcbError) => void }[] = [];
  #questions: ((runs: Run[]) => void)[] = [];
  #closed: (() => void) | null = null;
  #closing = false;

  private constructor(worker: Worker, lock: StateLock, state: StoredState) {
    this.#worker = worker;
    this.#lock = lock;
    this.#state = state;
    worker.on("message", (reply: JournalReply) => this.#receive(reply));
    worker.on("error", (error) => this.#fail(error.message, ""));
    worker.unref();
  }

  /**
   * Opens the journal in `folder`, made if it is missing.
   * @throws UcbError `ERR_UCB_STATE` if another engine has it, others may write there, or it is damaged: it is then left
   * as it is
   */
  static async open(folder: string, options: JournalOptions = {}): Promise<Journal> {
    prepareFolder(folder);
    const lock = lockState(join(folder, "lock"));
    const retention = { ...usualRetention, ...options.retention };
    // Compiled code even where the rest runs from source: a thread has no loader of its own.
    const worker = new Worker(join(packageRoot, "dist", "journal", "journal-worker.js"), {
      workerData: { folder, retention },
      // What the process was started with (loaders, --input-type) is not meant for this thread.
      execArgv: [],
    });
    try {
      return new Journal(worker, lock, await opened(worker, folder));
    } catch (error) {
      await worker.terminate();
      lock.release();
      throw error;
    }
  }

  /** What the journal held when it was opened; to be asked once, since it may be much. */
  takeState(): StoredState {
    const state = this.#state;
    this.#state = { runs: [], jobs: [], memories: [], times: [] };
    return state;
  }

  /** Why changes are not durable at the moment; null while they are. */
  get problem(): UcbError | null {
    return this.#problem;
  }

  attachOwner(owner: JournalOwner): void {
    this.#owner = owner;
  }

  /** Sends before long even if nothing else is put: {@link JournalOwner.complete} will have something. */
  wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#send());
  }

  /**
   * Puts changes that belong together. Returns what {@link reached} is to be asked with.
   */
  put(...changes: Change[]): number {
    if (!this.#broken) {
      for (const change of changes) this.#changes.push(change);
      this.wake();
    }
    return this.#sent + (this.#reading ? 2 : 1);
  }

  /** Null if what was put then is on the disk, or cannot be for now; else resolves as soon as one of the two is so. */
  reached(sequence: number): Promise<void> | null {
    if (this.#broken || sequence <= this.#durable) return null;
    return new Promise((resolve) => this.#waiting.push({ sequence, resolve, reject: () => resolve() }));
  }

  /**
   * Resolves when everything put before is on the disk.
   * @throws UcbError `ERR_UCB_STATE` if it could not be written
   */
  flush(): Promise<void> {
    this.#send();
    if (this.#broken) return Promise.reject(this.#problem);
    const unsent = this.#reading ? (this.#changes.length > 0 ? 2 : 1) : 0;
    const sequence = this.#sent + unsent;
    if (sequence <= this.#durable) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ sequence, resolve, reject }));
  }

  /** Runs that have ended and are still kept, the newest `limit` of them, oldest first. */
  finished(limit = 1000): Promise<Run[]> {
    this.#send();
    return new Promise((resolve) => {
      this.#questions.push(resolve);
      this.#post({ kind: "finished", limit });
    });
  }

  /** Writes what is left, and lets go of the state. */
  async close(): Promise<void> {
    this.#send();
    this.#closing = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    await new Promise<void>((resolve) => {
      this.#closed = resolve;
      this.#post({ kind: "close" });
    });
    await this.#worker.terminate();
    this.#lock.release();
  }

  /** Changes are of no use now: a snapshot will hold what they bring. */
  get #broken(): boolean {
    return this.#problem !== null && this.#replacing === 0;
  }

  #send(): void {
    if (!this.#closing) this.#owner?.complete();
    this.#scheduled = false;
    if (this.#changes.length === 0 || this.#closing || this.#reading) return;
    const changes = this.#changes;
    this.#changes = [];
    this.#post({ kind: "apply", sequence: ++this.#sent, changes });
  }

  #post(request: JournalRequest): void {
    this.#worker.postMessage(request);
    this.#holdWhileUnanswered();
  }

  /** The process lives for as long as something is on its way to the disk, and no longer. */
  #holdWhileUnanswered(): void {
    const unanswered = this.#sent > this.#durable && !this.#broken;
    if (unanswered || this.#questions.length > 0 || this.#closing) this.#worker.ref();
    else this.#worker.unref();
  }

  #receive(reply: JournalReply): void {
    switch (reply.kind) {
      case "durable":
        this.#durable = reply.sequence;
        this.#recovered();
        this.#settle();
        break;
      case "failed":
        this.#fail(reply.message, reply.code);
        break;
      case "finished":
        this.#questions.shift()?.(reply.runs);
        break;
      case "closed":
        this.#closed?.();
        break;
    }
    this.#holdWhileUnanswered();
  }

  #settle(): void {
    const done = this.#waiting.filter(({ sequence }) => sequence <= this.#durable);
    this.#waiting = this.#waiting.filter(({ sequence }) => sequence > this.#durable);
    for (const { resolve } of done) resolve();
  }

  #fail(message: string, errno: string): void {
    const first = this.#problem === null;
    this.#problem = new UcbError("ERR_UCB_STATE", `runs are not durable: the journal cannot be written: ${message}`, {
      errno,
      hint: "what fires is run all the same, but lost if this process dies; free some space and it is durable again",
    });
    this.#replacing = 0;
    this.#changes = [];
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(this.#problem);
    if (first) this.#owner?.durabilityChanged(this.#problem);
    if (this.#closing) this.#closed?.();
    else this.#retryLater();
  }

  #retryLater(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#replace(), this.#retryMs);
    this.#retry.unref();
    this.#retryMs = Math.min(2 * this.#retryMs, longestRetryMs);
  }

  /** Tries to write everything anew: single changes are missing by now. */
  async #replace(): Promise<void> {
    if (this.#owner === null || this.#closing || this.#reading) return;
    this.#reading = true;
    this.#replacing = this.#sent + 1;
    let part: Change[] = [];
    let end = performance.now() + longestSliceMs;
    for (const change of this.#owner.snapshot()) {
      part.push(change);
      if (performance.now() < end) continue;
      this.#worker.postMessage({ kind: "snapshot", changes: part } satisfies JournalRequest);
      part = [];
      await new Promise((resolve) => setImmediate(resolve));
      end = performance.now() + longestSliceMs;
      if (this.#closing) break;
    }
    this.#reading = false;
    if (this.#closing) return;
    this.#sent = this.#replacing;
    this.#post({ kind: "replace", sequence: this.#sent, changes: part });
    this.#send();
  }

  #recovered(): void {
    if (this.#problem === null || this.#replacing === 0 || this.#durable < this.#replacing) return;
    this.#problem = null;
    this.#replacing = 0;
    this.#retryMs = firstRetryMs;
    this.#owner?.durabilityChanged(null);
  }
}

function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { mode, uid } = statSync(folder);
    const mine = process.geteuid?.() ?? uid;
    if ((mode & 0o022) === 0 && (uid === mine || uid === 0)) return;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UcbError("ERR_UCB_STATE", `the state folder cannot be used: ${message}`, { path: folder, errno: code });
  }
  throw new UcbError("ERR_UCB_STATE", `the state folder ${folder} belongs to, or can be written by, somebody else`, {
    path: folder,
    hint: `chmod go-w ${folder}, and let it belong to the user the engine runs as`,
  });
}

function opened(worker: Worker, folder: string): Promise<StoredState> {
  return new Promise((resolve, reject) => {
    worker.once("error", (error) => reject(refusal(folder, error.message)));
    worker.once("message", (reply: JournalReply) => {
      if (reply.kind === "opened") resolve(reply.state);
      else if (reply.kind === "refused") reject(refusal(folder, reply.message));
    });
  });
}

function refusal(folder: string, message: string): UcbError {
  return new UcbError("ERR_UCB_STATE", `the journal in ${folder} cannot be opened: ${message}`, {
    path: folder,
    hint: "it is left as it is; move the folder away to begin anew, or restore a copy",
  });
}
