import type { CallbackEngine, EngineEvent } from "../engine/callback-engine.js";
import { Backlog } from "./backlog.js";
import type { Recording } from "./recording.js";

/** What came of an event. */
export interface Taken {
  event: string;
  /** The ids of the runs it fired. */
  runs: string[];
}

/** Reports events of clients to an engine, no faster than runs are run, and says which runs each has fired. */
export class EventIntake {
  readonly #engine: CallbackEngine;
  readonly #isDurable: boolean;
  readonly #backlog: Backlog;
  readonly #recording: Pick<Recording, "add"> | null;
  /** Where the ids of runs are noted that fire during a report. */
  #ids: string[] | null = null;
  #waiting: (() => void)[] = [];

  constructor(engine: CallbackEngine, isDurable: boolean, recording: Pick<Recording, "add"> | null) {
    this.#engine = engine;
    this.#isDurable = isDurable;
    this.#recording = recording;
    this.#backlog = new Backlog(engine);
    engine.on("run", (run) => {
      if (run.state === "queued" && run.attempt === 1) this.#ids?.push(run.id);
      if (this.#waiting.length > 0 && !this.isFull) this.#release();
    });
  }

  /**
   * `bytes` is the length of the line it came on.
   * @throws UcbError `ERR_UCB_EVENT`, `ERR_UCB_CLOSED`
   */
  take(event: string | EngineEvent, text: string, bytes: number): Taken {
    const ids: string[] = [];
    this.#ids = ids;
    try {
      this.#engine.emit(event);
    } finally {
      this.#ids = null;
    }
    this.#recording?.add(event);
    if (ids.length > 0) this.#backlog.fired(bytes);
    return { event: text, runs: ids };
  }

  /**
   * Resolves when what was taken is safe, as far as it can be.
   * @throws UcbError `ERR_UCB_STATE` if it cannot be made durable
   */
  async settle(): Promise<void> {
    if (this.#isDurable) await this.#engine.flush();
  }

  /** Whether events have to wait. */
  get isFull(): boolean {
    return this.#backlog.isFull;
  }

  /** Resolves when there is room for more events; at once if there is. */
  room(): Promise<void> {
    if (!this.isFull) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Lets all go on that wait: no more events are taken. */
  close(): void {
    this.#release();
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
