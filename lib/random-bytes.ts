import { randomFillSync } from "node:crypto";

const pooled = 4096;

/**
 * Unpredictable bytes. Asking the system for many costs as much as for one, and each run needs some, so they are drawn in
 * advance; none is given out twice.
 */
export class RandomBytes {
  readonly #pool = Buffer.allocUnsafeSlow(pooled);
  #next = pooled;

  /** One of them, as a number. */
  byte(): number {
    this.#provide(1);
    const byte = this.#pool[this.#next] ?? 0;
    this.#pool[this.#next] = 0;
    this.#next += 1;
    return byte;
  }

  /** `count` of them, at most 4096. */
  take(count: number): Buffer {
    this.#provide(count);
    const taken = Buffer.from(this.#pool.subarray(this.#next, this.#next + count));
    this.#pool.fill(0, this.#next, this.#next + count);
    this.#next += count;
    return taken;
  }

  #provide(count: number): void {
    if (this.#next + count <= pooled) return;
    randomFillSync(this.#pool);
    this.#next = 0;
  }
}
