import { Alarms } from "./alarms.js";
import type { Clock } from "./clock.js";
import type { Lane } from "./lane.js";
import type { Ticket } from "./strand.js";

/** All runs that wait, and the times they wait for. Whose turn it is is decided elsewhere. */
export class WaitingRoom<Item> {
  readonly #clock: Clock;
  readonly #alarms: Alarms<Ticket<Item> | Lane<Item>>;
  #size = 0;
  #delayed = 0;

  /**
   * `due` is called for a run whose retry is due, which from then on may begin, and `over` for a lane whose pause has
   * ended while something waits.
   */
  constructor(clock: Clock, due: (ticket: Ticket<Item>) => void, over: (lane: Lane<Item>) => void) {
    this.#clock = clock;
    this.#alarms = new Alarms(clock, (alarm) => {
      if (alarm.kind === "lane") {
        over(alarm);
        return;
      }
      this.#countDelayed(alarm, -1);
      alarm.strand.return(alarm);
      due(alarm);
    });
  }

  get size(): number {
    return this.#size;
  }

  /** Of those that wait, the ones whose retry is not due. */
  get delayed(): number {
    return this.#delayed;
  }

  /** Takes a run that fired after all others. */
  add(ticket: Ticket<Item>): void {
    ticket.strand.append(ticket);
    ticket.strand.lane.fresh.push(ticket);
    this.#count(ticket, 1);
  }

  /** Takes a run that waits for an attempt after its first. */
  putBack(ticket: Ticket<Item>, delayMs: number): void {
    ticket.strand.lane.again.push(ticket);
    this.#count(ticket, 1);
    if (delayMs <= 0) {
      ticket.strand.return(ticket);
      return;
    }
    this.#countDelayed(ticket, 1);
    this.#alarms.set(ticket, this.#clock.now() + delayMs);
  }

  takeOut(ticket: Ticket<Item>): void {
    const { strand, attempt } = ticket;
    if (ticket.isDelayed) {
      this.#alarms.remove(ticket);
      this.#countDelayed(ticket, -1);
    } else strand.takeOut(ticket);
    (attempt === 1 ? strand.lane.fresh : strand.lane.again).remove(ticket);
    this.#count(ticket, -1);
  }

  /** To be called when a lane was paused or resumed. */
  noteChange(lane: Lane<Item>): void {
    this.#alarms.remove(lane);
    this.#awaitPause(lane);
  }

  /** Waits for no time any more. */
  clearAlarms(): void {
    this.#alarms.clear();
  }

  #count({ strand }: Ticket<Item>, by: 1 | -1): void {
    strand.waiting += by;
    strand.lane.waiting += by;
    this.#size += by;
    this.#awaitPause(strand.lane);
  }

  #countDelayed(ticket: Ticket<Item>, by: 1 | -1): void {
    const { strand } = ticket;
    ticket.isDelayed = by > 0;
    strand.delayed += by;
    strand.lane.delayed += by;
    this.#delayed += by;
  }

  /** A pause has an alarm while something waits for its end, and only then: an alarm keeps the process alive. */
  #awaitPause(lane: Lane<Item>): void {
    const { endsAt } = lane.breaker;
    if (endsAt === null || lane.waiting === 0) this.#alarms.remove(lane);
    else if (!this.#alarms.has(lane) && endsAt > this.#clock.now()) this.#alarms.set(lane, endsAt);
  }
}
