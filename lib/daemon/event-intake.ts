import type { CallbackEngine } from "../engine/callback-engine.js";
import type { EngineEvent } from "../engine/engine-event.js";
import { UcbError } from "../errors.js";
import { Backlog } from "./backlog.js";
import type { Recording } from "./recording.js";

/** What came of an event. */
export interface Taken {
  event: string;
  /** The ids of the runs it fired. */
  runs: string[];
}

export interface EventIntakeOptions {
  isDurable: boolean;
  /** Where events are written down that were taken. */
  recording: Pick<Recording, "add"> | null;
  /** Whether whoever reads the outcomes is behind: events wait for him, too. */
  isBehind: () => boolean;
}

/** Reports events of clients to an engine, no faster than runs are run, and says which runs each has fired. */
export class EventIntake {
  readonly #engine: CallbackEngine;
  readonly #options: EventIntakeOptions;
  readonly #backlog: Backlog;
  /** Where the ids of runs are noted that fire during a report. */
  #ids: string[] | null = null;
  #waiting: (() => void)[] = [];
  #isClosed = false;

  constructor(engine: CallbackEngine, options: EventIntakeOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#backlog = new Backlog(engine);
    engine.on("run", (run) => {
      if (run.state === "queued" && run.attempt === 1) this.#ids?.push(run.id);
      if (this.#waiting.length > 0) this.look();
    });
  }

  /**
   * `bytes` is the length of the line it came on.
   * @throws UcbError `ERR_UCB_EVENT`, `ERR_UCB_CLOSED`
   */
  take(event: string | EngineEvent, text: string, bytes: number): Taken {
    if (this.#isClosed) throw new UcbError("ERR_UCB_CLOSED", "the daemon is stopping: it takes no more events");
    const ids: string[] = [];
    this.#ids = ids;
    try {
      this.#engine.emit(event);
    } finally {
      this.#ids = null;
    }
    this.#options.recording?.add(event);
    if (ids.length > 0) this.#backlog.fired(bytes);
    return { event: text, runs: ids };
  }

  /**
   * Resolves when what was taken is safe, as far as it can be.
   * @throws UcbError `ERR_UCB_STATE` if it cannot be made durable
   */
  async settle(): Promise<void> {
    if (this.#options.isDurable) await this.#engine.flush();
  }

  /** Whether events have to wait. */
  get isFull(): boolean {
    return this.#backlog.isFull || this.#options.isBehind();
  }

  /** Resolves when there is room for more events; at once if there is. */
  room(): Promise<void> {
    if (!this.isFull) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** To be called when whoever reads the outcomes has caught up. */
  look(): void {
    if (!this.isFull) this.#release();
  }

  /** Takes no more events, and tells so to all that wait. */
  close(): void {
    this.#isClosed = true;
    this.#release();
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
