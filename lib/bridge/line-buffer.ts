const firstCapacity = 4096;

/** The bytes of a line that has not ended. Holds at most twice what it was given, however small the pieces. */
export class LineBuffer {
  #bytes = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(part: Buffer): void {
    const needed = this.#length + part.length;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.max(firstCapacity, needed, Math.min(2 * this.#bytes.length, 2 * needed)),
      );
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    part.copy(this.#bytes, this.#length);
    this.#length = needed;
  }

  /** The first bytes, each as one character. */
  head(length: number): string {
    return this.#bytes.toString("latin1", 0, Math.min(length, this.#length));
  }

  /** The line with `last` behind it; nothing is held afterwards. */
  take(last: Buffer): string {
    if (this.#length === 0) return last.toString("utf8");
    this.append(last);
    const line = this.#bytes.toString("utf8", 0, this.#length);
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
    return line;
  }
}
