import { asUcbError, type UcbError } from "../errors.js";
import { Progress } from "./progress.js";

/**
 * The answer of a command on its way to whoever reads it. A reader that goes away is no error: what is written
 * afterwards goes nowhere, and {@link StandardOutput.onChange} tells those who want to stop then.
 */
export class StandardOutput {
  /** Called when the reader has caught up or is gone. */
  onChange: () => void = () => {};
  #gone = false;
  #failure: UcbError | null = null;

  constructor() {
    process.stdout.on("drain", () => this.onChange());
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
      this.#gone = true;
      if (error.code !== "EPIPE") this.#failure ??= asUcbError(error, "ERR_UCB_OUTPUT", "the answer cannot be written");
      this.onChange();
    });
  }

  /** Nobody will read what is still written. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Whether the reader is behind by more than a buffer. */
  get full(): boolean {
    return !this.#gone && process.stdout.writableNeedDrain;
  }

  write(text: string): void {
    if (this.#gone) return;
    Progress.giveWay();
    process.stdout.write(text);
  }

  /** Resolves when the reader is not behind any more, or is gone. */
  async drained(): Promise<void> {
    while (this.full) await new Promise<void>((resolve) => (this.onChange = resolve));
  }

  /**
   * Resolves when the reader has everything, or is gone.
   * @throws UcbError `ERR_UCB_OUTPUT` if it cannot be written
   */
  async flush(): Promise<void> {
    if (!this.#gone) await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
    if (this.#failure !== null) throw this.#failure;
  }
}
