import { Deferred } from "./deferred.js";

/** Those who wait for something to become true. */
export class Waiters {
  #waiting: { until: () => boolean; done: Deferred<void> }[] = [];

  /** Resolves at once if it is true, else with the first {@link wake} after it has become so. */
  when(until: () => boolean): Promise<void> {
    if (until()) return Promise.resolve();
    const done = new Deferred<void>();
    this.#waiting.push({ until, done });
    return done.promise;
  }

  /** To be called after whatever they wait for may have become true. */
  wake(): void {
    if (this.#waiting.length === 0) return;
    const ready = this.#waiting.filter(({ until }) => until());
    this.#waiting = this.#waiting.filter((waiter) => !ready.includes(waiter));
    for (const { done } of ready) done.resolve();
  }
}
