import type { Throttle } from "../config/run-limits.js";

interface Window {
  endsAt: number;
  runs: number;
}

/** Counts runs in periods, each of which begins with the first run after the one before. */
export class ThrottleWindows {
  readonly #throttle: Throttle;
  /** By owner job. All are of one length, so that they end in the order in which they were opened. */
  readonly #windows = new Map<number, Window>();

  constructor(throttle: Throttle) {
    this.#throttle = throttle;
  }

  /** Periods that are remembered, some of them over. */
  get size(): number {
    return this.#windows.size;
  }

  allows(jobId: number, now: number): boolean {
    const window = this.#windows.get(this.#keyOf(jobId));
    return window === undefined || window.runs < this.#throttle.runs || window.endsAt <= now;
  }

  /** How long it is until it allows one more; 0 if it does now. */
  waitMs(jobId: number, now: number): number {
    return this.allows(jobId, now) ? 0 : (this.#windows.get(this.#keyOf(jobId))?.endsAt ?? now) - now;
  }

  count(jobId: number, now: number): void {
    const key = this.#keyOf(jobId);
    const window = this.#windows.get(key);
    if (window !== undefined && window.endsAt > now) {
      window.runs++;
      return;
    }
    this.#windows.delete(key);
    this.#forgetTwo(now);
    this.#windows.set(key, { endsAt: now + this.#throttle.periodMs, runs: 1 });
  }

  #keyOf(jobId: number): number {
    return this.#throttle.per === "job" ? jobId : 0;
  }

  /** Two for each that is opened: what is over goes, and no call takes long. */
  #forgetTwo(now: number): void {
    let most = 2;
    for (const [key, { endsAt }] of this.#windows) {
      if (endsAt > now || most-- === 0) return;
      this.#windows.delete(key);
    }
  }
}
