import type { Clock } from "./clock.js";

/** A clock that stands still until it is told what time it is. */
export class RecordedClock implements Clock {
  #now = 0;
  #unix: number;
  #soon: (() => void)[] = [];
  #timers: { at: number; call: () => void }[] = [];

  /** @param unix Unix milliseconds */
  constructor(unix: number) {
    this.#unix = unix;
  }

  now(): number {
    return this.#now;
  }

  unix(): number {
    return this.#unix;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.#now + ms, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  soon(call: () => void): void {
    this.#soon.push(call);
  }

  /**
   * It becomes that time, in Unix milliseconds, step by step: does the next thing that is due until then, and returns whether
   * there is nothing more to do. An earlier time is one that was set.
   */
  step(unix: number): boolean {
    if (this.#soon.length > 0) {
      for (const call of this.#soon.splice(0)) call();
      return false;
    }
    const end = this.#now + Math.max(0, unix - this.#unix);
    const due = this.#first(end);
    if (due === undefined) {
      this.#now = end;
      this.#unix = unix;
      return true;
    }
    this.#timers = this.#timers.filter((each) => each !== due);
    this.#pass(Math.max(this.#now, due.at));
    due.call();
    return false;
  }

  #pass(now: number): void {
    this.#unix += now - this.#now;
    this.#now = now;
  }

  #first(end: number): { at: number; call: () => void } | undefined {
    const due = this.#timers.filter(({ at }) => at <= end);
    return due.reduce<(typeof due)[0] | undefined>(
      (first, each) => (first && first.at <= each.at ? first : each),
      undefined,
    );
  }
}
