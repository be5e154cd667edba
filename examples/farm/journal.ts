import type { Callback, CallbackEngine, Run } from "universal-callbacks";
import type { Farm } from "./farm.js";
import type { FarmJob } from "./job.js";

/** What one callback has done so far. */
export interface CallbackRecord {
  callback: string;
  runs: number;
  succeeded: number;
  /** Runs that ended in any other way. */
  bad: Run[];
  /** What it asked the supervisor for, such as `unblock job 1002`, with how often. */
  asked: Map<string, number>;
}

/** Notes which jobs there were, and what callbacks did. */
export class Journal {
  readonly #callbacks = new Map<string, CallbackRecord>();
  readonly #jobs = new Map<number, FarmJob>();
  readonly #removed = new Set<FarmJob>();

  constructor(farm: Farm, engine: CallbackEngine) {
    for (const callback of engine.callbacks) this.#recordOf(callback);
    engine.on("run", (run) => this.#noteRun(run));
    engine.on("action", ({ verb, target, ids, by }) => {
      const { asked } = this.#recordOf({ id: by.callbackId, file: by.callback });
      const request = `${verb} ${target} ${ids.join(", ")}`;
      asked.set(request, (asked.get(request) ?? 0) + 1);
    });
    farm.on("event", ({ name, type, jobId = 0 }) => {
      if (type !== "job") return;
      const job = farm.jobs.get(jobId) ?? this.#jobs.get(jobId);
      if (job === undefined) return;
      this.#jobs.set(jobId, job);
      if (name === "removed") this.#removed.add(job);
    });
  }

  /** In the order of the configuration. */
  get callbacks(): CallbackRecord[] {
    return [...this.#callbacks.values()];
  }

  /** All that were ever submitted. */
  get jobs(): { job: FarmJob; removed: boolean }[] {
    return [...this.#jobs.values()].map((job) => ({ job, removed: this.#removed.has(job) }));
  }

  #noteRun(run: Run): void {
    if (run.state === "queued" || run.state === "running") return;
    const record = this.#recordOf({ id: run.callbackId, file: run.callback });
    record.runs++;
    if (run.state === "succeeded") record.succeeded++;
    else record.bad.push(run);
  }

  #recordOf({ id, file }: Pick<Callback, "id" | "file">): CallbackRecord {
    const known = this.#callbacks.get(id);
    if (known !== undefined) return known;
    const record: CallbackRecord = { callback: file, runs: 0, succeeded: 0, bad: [], asked: new Map() };
    this.#callbacks.set(id, record);
    return record;
  }
}
