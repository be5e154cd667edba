import type { Clock } from "../../lib/engine/clock.js";

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #now = 0;
  #unixAtStart = 1_700_000_000_000;
  #soon: (() => void)[] = [];
  #timers: { at: number; call: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  unix(): number {
    return this.#unixAtStart + this.#now;
  }

  /** Somebody sets the system's time: timers do not notice. */
  set(unixMs: number): void {
    this.#unixAtStart = unixMs - this.#now;
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

  /** Drops all that waits, as the end of a process does. */
  forget(): void {
    this.#soon = [];
    this.#timers = [];
  }

  /** Timers that would keep a process alive. */
  get timers(): number {
    return this.#timers.length;
  }

  /** When the next timer is due, in milliseconds from now; null if there is none. */
  get untilNext(): number | null {
    return this.#timers.length === 0 ? null : Math.max(0, Math.min(...this.#timers.map(({ at }) => at)) - this.#now);
  }

  /** Takes turns of the event loop until there is nothing to do in the next one. Returns how many there were. */
  settle(): number {
    let turns = 0;
    for (; this.#soon.length > 0; turns++) this.turn();
    return turns;
  }

  turn(): void {
    const calls = this.#soon;
    this.#soon = [];
    for (const call of calls) call();
  }

  /** Lets time pass until the next timer, and calls it alone. */
  next(): void {
    const [first] = [...this.#timers].sort((one, other) => one.at - other.at);
    if (first === undefined) throw new Error("there is no timer");
    this.#now = Math.max(this.#now, first.at);
    this.#timers = this.#timers.filter((each) => each !== first);
    first.call();
  }

  /** Lets time pass, and whatever is due in it happen in its order. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
      if (due === undefined) break;
      this.#now = Math.max(this.#now, due.at);
      this.#timers = this.#timers.filter((each) => each !== due);
      due.call();
      this.settle();
    }
    this.#now = end;
  }
}
