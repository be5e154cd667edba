import type { CallbackEngine } from "../engine/callback-engine.js";
import type { Run, RunState } from "../execute/run.js";

/** Which runs are wanted; all that are absent do not matter. */
export interface RunQuery {
  /** A callback's file name or id. */
  callback?: string | undefined;
  jobId?: number | undefined;
  state?: RunState | undefined;
  /** The newest so many. */
  limit: number;
}

/** The runs that have not ended, and the latest of those that have. */
export class RunLog {
  readonly #open = new Map<string, Run>();
  /** In the order in which they ended. */
  readonly #ended = new Map<string, Run>();
  readonly #most: number;

  private constructor(most: number) {
    this.#most = most;
  }

  /** Keeps `most` runs that have ended; at first those that the engine's state has. */
  static async of(engine: Pick<CallbackEngine, "on" | "finishedRuns">, most = 10_000): Promise<RunLog> {
    const log = new RunLog(most);
    engine.on("run", (run) => log.#note(run));
    const kept = await engine.finishedRuns(most);
    // Some may have ended in the meantime: they come last.
    const since = [...log.#ended.values()];
    log.#ended.clear();
    for (const run of [...kept, ...since]) log.#note(run);
    return log;
  }

  get(id: string): Run | undefined {
    return this.#open.get(id) ?? this.#ended.get(id);
  }

  /** Oldest first; those that have not ended come last. */
  list({ callback, jobId, state, limit }: RunQuery): Run[] {
    const isWanted = (run: Run) =>
      (callback === undefined || run.callback === callback || run.callbackId === callback) &&
      (jobId === undefined || run.jobId === jobId) &&
      (state === undefined || run.state === state);
    const found = [...this.#ended.values(), ...this.#open.values()].filter(isWanted);
    return limit === 0 ? [] : found.slice(-limit);
  }

  #note(run: Run): void {
    if (run.endedAt === null) {
      this.#open.set(run.id, run);
      return;
    }
    this.#open.delete(run.id);
    this.#ended.set(run.id, run);
    if (this.#ended.size <= this.#most) return;
    const [oldest] = this.#ended.keys();
    if (oldest !== undefined) this.#ended.delete(oldest);
  }
}
