/** How long what is shown stays as it is, in milliseconds: nobody reads faster. */
const shownMs = 100;

/**
 * A line at the bottom of a terminal that says how far a command has come. On standard error, and only where that is a terminal:
 * what goes to files and programs is the same with it and without it.
 */
export class Progress {
  /** A terminal has one last line. */
  static #shown: Progress | null = null;
  readonly #isWanted = process.stderr.isTTY === true && process.env.TERM !== "dumb";
  #next = performance.now() + shownMs;

  /** Takes the line away, so that something else can be written there. It comes again with the next thing it has to say. */
  static giveWay(): void {
    if (Progress.#shown === null) return;
    Progress.#shown = null;
    process.stderr.write("\r\u001b[K");
  }

  /** Shows the text, if it is time for that. */
  show(text: () => string): void {
    if (!this.#isWanted) return;
    const now = performance.now();
    if (now < this.#next) return;
    this.#next = now + shownMs;
    Progress.#shown = this;
    // A line that is wrapped could not be taken away.
    process.stderr.write(`\r\u001b[K${text().slice(0, Math.max(10, process.stderr.columns - 1))}`);
  }

  end(): void {
    Progress.giveWay();
  }
}
