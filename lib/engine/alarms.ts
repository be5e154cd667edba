import type { Clock } from "./clock.js";
import { Heap, type Placed } from "./heap.js";

/** Something that is due at a time of the clock. */
export interface Alarm extends Placed {
  at: number;
}

/** Rung in one turn of the event loop; the others ring in the next. */
const mostAtOnce = 500;

/** Any number of alarms with one timer. Those that are set keep the event loop alive. */
export class Alarms<Kind extends Alarm> {
  readonly #clock: Clock;
  readonly #ring: (alarm: Kind) => void;
  readonly #heap = new Heap<Kind>((one, other) => one.at < other.at);
  #cancel: (() => void) | null = null;
  /** What the timer waits for. */
  #next = Number.POSITIVE_INFINITY;

  /** `ring` is called once for each alarm that is due, and may set others. */
  constructor(clock: Clock, ring: (alarm: Kind) => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  set(alarm: Kind, at: number): void {
    alarm.at = at;
    this.#heap.push(alarm);
    this.#wind();
  }

  has(alarm: Kind): boolean {
    return alarm.place >= 0;
  }

  remove(alarm: Kind): void {
    if (alarm.place < 0) return;
    this.#heap.remove(alarm);
    this.#wind();
  }

  clear(): void {
    this.#heap.clear();
    this.#wind();
  }

  #wind(): void {
    const next = this.#heap.first?.at ?? Number.POSITIVE_INFINITY;
    if (next === this.#next) return;
    this.#cancel?.();
    this.#next = next;
    this.#cancel = next === Number.POSITIVE_INFINITY ? null : this.#clock.after(next - this.#clock.now(), this.#due);
  }

  readonly #due = () => {
    this.#cancel = null;
    this.#next = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    for (let count = 0; count < mostAtOnce; count++) {
      const alarm = this.#heap.first;
      if (alarm === null || alarm.at > now) break;
      this.#heap.remove(alarm);
      this.#ring(alarm);
    }
    this.#wind();
  };
}
