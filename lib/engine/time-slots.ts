/** Which times of a series have been. Written to the durable state. */
export interface SlotsRecord {
  /** All up to this one have been; −1 for none. */
  done: number;
  /** Later ones that have been, without a gap between them, after some were skipped. */
  ahead: [first: number, last: number] | null;
}

/**
 * One time, or a series that begins at a time and has an interval, and which of it have been. No time is taken twice, however
 * the clock is set. Of several that have passed unseen the latest is taken, once; if the clock is set back among those that
 * were skipped, they are still to come. In whole seconds of Qube time.
 */
export class TimeSlots {
  readonly #at: number;
  readonly #interval: number | null;
  #record: SlotsRecord;

  /** Without a record, what is past counts as taken. */
  constructor({ at, interval }: { at: number; interval: number | null }, record: SlotsRecord | null, now: number) {
    this.#at = at;
    this.#interval = interval;
    this.#record = record ?? { done: this.#latest(now) ?? -1, ahead: null };
  }

  get record(): SlotsRecord {
    return this.#record;
  }

  /** The time that is due; null if there is none. */
  due(now: number): number | null {
    const slot = this.#latest(now);
    return slot === null || this.#isTaken(slot) ? null : slot;
  }

  /** The next time after now that may become due; null if there will be none. */
  next(now: number): number | null {
    const latest = this.#latest(now);
    let next: number | null = latest === null ? this.#at : this.#after(latest);
    if (next !== null && this.#isTaken(next)) {
      const { done, ahead } = this.#record;
      next = this.#after(ahead !== null && next >= ahead[0] ? ahead[1] : done);
      if (next !== null && ahead !== null && next === ahead[0]) next = this.#after(ahead[1]);
    }
    return next;
  }

  /** A time that was due has been. */
  take(slot: number): void {
    const { done, ahead } = this.#record;
    const follows = slot === (done < 0 ? this.#at : this.#after(done));
    if (ahead === null) this.#record = follows ? { done: slot, ahead: null } : { done, ahead: [slot, slot] };
    else if (slot < ahead[0]) this.#record = { done: slot, ahead };
    else if (slot === this.#after(ahead[1])) this.#record = { done, ahead: [ahead[0], slot] };
    else this.#record = { done: ahead[1], ahead: [slot, slot] };
    this.#close();
  }

  /** Closes the gap where there is none any more. */
  #close(): void {
    const { done, ahead } = this.#record;
    if (ahead === null) return;
    const follows = done < 0 ? this.#at : this.#after(done);
    if (follows !== null && follows >= ahead[0]) this.#record = { done: ahead[1], ahead: null };
  }

  #isTaken(slot: number): boolean {
    const { done, ahead } = this.#record;
    return slot <= done || (ahead !== null && slot >= ahead[0] && slot <= ahead[1]);
  }

  #after(slot: number): number | null {
    return this.#interval === null ? null : slot + this.#interval;
  }

  /** The latest that is not after now. */
  #latest(now: number): number | null {
    if (now < this.#at) return null;
    return this.#interval === null ? this.#at : now - ((now - this.#at) % this.#interval);
  }
}
