/** Waits for the signals that ask a program to end. */
export class Interruption {
  /** Resolves when the first has come. */
  readonly signal: Promise<"SIGINT" | "SIGTERM">;
  #listener: (signal: NodeJS.Signals) => void = () => {};

  constructor() {
    this.signal = new Promise((resolve) => {
      this.#listener = (signal) => resolve(signal === "SIGINT" ? "SIGINT" : "SIGTERM");
    });
    // Not once: a terminal's signal may arrive twice, from the terminal and through npm, and ending takes a moment.
    process.on("SIGINT", this.#listener).on("SIGTERM", this.#listener);
  }

  stopListening(): void {
    process.off("SIGINT", this.#listener).off("SIGTERM", this.#listener);
  }
}
