/** Waiting runs in the order they fired, with at most `limit` of them executing. */
export class RunQueue<T> {
  readonly #limit: number;
  readonly #start: (item: T) => Promise<void>;
  #waiting: T[] = [];
  /** Everything before it has been taken; shifting a long array would cost time in its length. */
  #head = 0;
  #running = 0;
  #scheduled = false;
  #idle: (() => void)[] = [];

  /** `start` executes one item to its end and never rejects. */
  constructor(limit: number, start: (item: T) => Promise<void>) {
    this.#limit = limit;
    this.#start = start;
  }

  get waiting(): number {
    return this.#waiting.length - this.#head;
  }

  get running(): number {
    return this.#running;
  }

  /** Starts nothing itself: whoever fires an event must not wait for the work of starting. */
  push(item: T): void {
    this.#waiting.push(item);
    this.#schedule();
  }

  /** Takes everything that has not started. */
  clear(): T[] {
    const rest = this.#waiting.slice(this.#head);
    this.#waiting = [];
    this.#head = 0;
    this.#settle();
    return rest;
  }

  /** Resolves as soon as nothing waits or runs, at once if that is so now. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.#settle();
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#drain();
    });
  }

  #drain(): void {
    while (this.#running < this.#limit && this.waiting > 0) {
      const item = this.#waiting[this.#head++] as T;
      if (this.#head > 1024 && this.#head * 2 > this.#waiting.length) {
        this.#waiting = this.#waiting.slice(this.#head);
        this.#head = 0;
      }
      this.#running++;
      void this.#start(item).finally(() => {
        this.#running--;
        if (this.waiting > 0) this.#schedule();
        this.#settle();
      });
    }
  }

  #settle(): void {
    if (this.#running > 0 || this.waiting > 0) return;
    const resolvers = this.#idle;
    this.#idle = [];
    for (const resolve of resolvers) resolve();
  }
}
