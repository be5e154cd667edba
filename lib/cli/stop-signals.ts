import { constants } from "node:os";

type StopSignal = "SIGINT" | "SIGTERM";
const signals: readonly StopSignal[] = ["SIGINT", "SIGTERM"];

/**
 * Ends a command well when it is told to stop: `first` is called for the first signal, `second` for the next, and after
 * that a signal does what it does to any program.
 */
export class StopSignals {
  readonly #first: (signal: StopSignal) => void;
  readonly #second: () => void;
  #received: StopSignal[] = [];
  #hurry: () => void = () => {};
  /** Resolves with the second signal. */
  readonly hurried = new Promise<void>((resolve) => {
    this.#hurry = resolve;
  });

  constructor(first: (signal: StopSignal) => void, second: () => void) {
    this.#first = first;
    this.#second = second;
    for (const signal of signals) process.on(signal, this.#listener);
  }

  /** Whether the command was told to stop. */
  get stopping(): boolean {
    return this.#received.length > 0;
  }

  /** Signals do again what they do to any program. */
  close(): void {
    for (const signal of signals) process.off(signal, this.#listener);
  }

  /**
   * Ends the process as the signal would have, now that everything is in order, so that shells and service managers see
   * why. Returns an exit code that says the same, for a process that no signal can end: the first of a container.
   */
  obey(): number {
    this.close();
    const [signal = "SIGTERM"] = this.#received;
    process.kill(process.pid, signal);
    return 128 + constants.signals[signal];
  }

  readonly #listener = (signal: StopSignal): void => {
    this.#received.push(signal);
    if (this.#received.length === 1) this.#first(signal);
    else {
      this.close();
      this.#hurry();
      this.#second();
    }
  };
}
