import { constants } from "node:os";

export type StopSignal = "SIGINT" | "SIGTERM";
const signals: readonly StopSignal[] = ["SIGINT", "SIGTERM"];

/**
 * Lets a command end well when it is told to stop: the first signal asks it to, the second hurries it, and the third does
 * what it does to any program, once it was told what is left behind.
 */
export class StopSignals {
  /** Called for the first signal. */
  onStop: (signal: StopSignal) => void = () => {};
  /** Called for the second. */
  onHurry: () => void = () => {};
  /** Called for the third, in front of the end of the process: nothing that takes time is done any more. */
  onAbandon: (signal: StopSignal) => void = () => {};
  #received: StopSignal | null = null;
  #hurried = false;
  #announceHurry: () => void = () => {};
  /** Resolves with the second signal. */
  readonly hurry = new Promise<void>((resolve) => {
    this.#announceHurry = resolve;
  });

  constructor() {
    for (const signal of signals) process.on(signal, this.#listener);
  }

  /** The signal that told the command to stop. */
  get received(): StopSignal | null {
    return this.#received;
  }

  /** Signals do again what they do to any program. */
  close(): void {
    for (const signal of signals) process.off(signal, this.#listener);
  }

  readonly #listener = (signal: StopSignal): void => {
    if (this.#received === null) {
      this.#received = signal;
      this.onStop(signal);
      return;
    }
    if (!this.#hurried) {
      this.#hurried = true;
      this.#announceHurry();
      this.onHurry();
      return;
    }
    this.close();
    this.onAbandon(signal);
    process.exit(dieOf(signal));
  };
}

/**
 * Ends the process as the signal would have done, now that everything is in order, so that shells and service managers
 * see why. Returns an exit code that says the same, for a process that no such signal can end: the first of a container.
 */
export function dieOf(signal: StopSignal): number {
  process.kill(process.pid, signal);
  return 128 + constants.signals[signal];
}
