import type { CallbackEngine, EngineEvent, Run } from "universal-callbacks";
import type { Farm } from "./farm.js";

/**
 * Ties a farm and an engine together: what happens on the farm becomes events of the engine, and while callbacks that a
 * job's work has fired are running, the farm waits with its verdict on that job, since they may ask for another try.
 * The way back, from callbacks to the farm, is the supervisor that the engine was opened with.
 */
export class Connection {
  readonly #farm: Farm;
  readonly #engine: CallbackEngine;
  /** Runs that work events fired and that have not ended, by job. */
  readonly #open = new Map<number, Set<string>>();
  readonly #emit = (event: EngineEvent) => {
    this.#engine.emit(event);
  };
  readonly #note = (run: Run) => this.#noteRun(run);

  constructor(farm: Farm, engine: CallbackEngine) {
    this.#farm = farm;
    this.#engine = engine;
    farm.on("event", this.#emit);
    farm.callbacksPending = (jobId) => this.#open.has(jobId);
    engine.on("run", this.#note);
  }

  /** Resolves when no work runs on the farm and no callback in the engine: nothing more will happen by itself. */
  async idle(): Promise<void> {
    const { dispatcher } = this.#farm;
    while (!dispatcher.isQuiet || this.#busy()) {
      await dispatcher.quiet();
      await this.#engine.idle();
    }
  }

  /** The farm goes on without callbacks. */
  cut(): void {
    this.#farm.off("event", this.#emit);
    this.#engine.off("run", this.#note);
    this.#open.clear();
  }

  #busy(): boolean {
    const { queued, running } = this.#engine.load;
    return queued + running > 0;
  }

  #noteRun(run: Run): void {
    const { type, jobId } = run.eventFields;
    if (type !== "work") return;
    const open = this.#open.get(jobId) ?? new Set();
    if (run.state === "queued" || run.state === "running") {
      this.#open.set(jobId, open.add(run.id));
      return;
    }
    open.delete(run.id);
    if (open.size > 0) return;
    this.#open.delete(jobId);
    const job = this.#farm.jobs.get(jobId);
    if (job !== undefined && !job.ended) this.#farm.settle(job);
  }
}
