import type { CallbackEngine } from "../engine/callback-engine.js";

/** Runs that may wait for others: less than the usual queue of one callback, lest it overflow. */
const mostWaiting = 5000;

/** Bytes of lines whose runs may wait or execute: runs keep the records they were fired with. */
const mostHeld = 256 * 1024 * 1024;

/** What an engine has still to do of the events it was given: says whether it can take more. */
export class Backlog {
  readonly #engine: Pick<CallbackEngine, "load">;
  /** Bytes of the lines that have fired something since the engine had nothing to do. */
  #held = 0;

  constructor(engine: Pick<CallbackEngine, "load">) {
    this.#engine = engine;
  }

  /** Whether events have to wait. */
  get isFull(): boolean {
    // What waits for time to pass, such as for the end of a callback's pause, must not hold up the others.
    const { queued, delayed, running } = this.#engine.load;
    const waiting = queued - delayed;
    if (waiting + running === 0) this.#held = 0;
    return waiting > mostWaiting || this.#held > mostHeld;
  }

  /** An event has fired something; it came on a line of so many bytes. */
  fired(bytes: number): void {
    this.#held += bytes;
  }
}
