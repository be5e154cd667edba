import type { RunLimits } from "../config/run-limits.js";
import type { CallbackPause } from "./breaker.js";
import { type Clock, systemClock } from "./clock.js";
import type { CallbackCounters, DropCode } from "./counters.js";
import { dropReason } from "./drop-reason.js";
import { countEnding, type Ending, type Slot, verdictOf } from "./ending.js";
import type { Obstacle } from "./event-explanation.js";
import type { Lane, PauseChange } from "./lane.js";
import { Lanes } from "./lanes.js";
import { retryDelayMs } from "./retry-delay.js";
import { Ticket } from "./strand.js";
import { Turns } from "./turns.js";
import { WaitingRoom } from "./waiting-room.js";

export interface SchedulerOptions<Item> {
  /** Runs at once. */
  maxRunning: number;
  /** Begins an attempt; must not throw. */
  start: (item: Item, slot: Slot) => void;
  /** A callback failed too often and is not run for a while, or failed again when it was tried. */
  paused: (pause: CallbackPause) => void;
  /** That is over. */
  resumed: (pause: CallbackPause) => void;
  clock?: Clock;
  /** From 0 to 1, for what shall not happen to all at the same moment. */
  random?: () => number;
}

/** In one turn of the event loop. */
const longestSliceMs = 2;
const mostStarts = 64;
const mostDrops = 1000;

/**
 * Decides which runs are let in, which of those begins next, and which are tried again; how they are executed it does
 * not know. Nothing it does takes longer for there being more runs, and what waits is bounded by each callback's `queue`.
 */
export class Scheduler<Item> {
  readonly #options: SchedulerOptions<Item>;
  readonly #clock: Clock;
  readonly #lanes = new Lanes<Item>();
  readonly #turns: Turns<Item>;
  readonly #room: WaitingRoom<Item>;
  #sequence = 0;
  #running = 0;
  #scheduled = false;
  #closed = false;
  /** The time of this turn of the event loop, −1 where it is to be read anew. */
  #time = -1;
  readonly #endTurn = () => {
    this.#time = -1;
  };
  #idle: (() => void)[] = [];

  constructor(options: SchedulerOptions<Item>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#turns = new Turns(this.#clock);
    this.#room = new WaitingRoom(
      this.#clock,
      ({ strand }) => {
        this.#turns.update(strand);
        this.#schedule();
      },
      (lane) => {
        this.#turns.open(lane);
        this.#schedule();
      },
    );
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#room.size;
  }

  /** Of those that wait, the ones that wait for time to pass: for a retry, or for the end of a callback's pause. */
  get delayed(): number {
    return this.#room.delayed + this.#lanes.heldBack;
  }

  /**
   * A callback fired. Returns null if {@link offer} is to be called for it, at once; else why not, which is counted.
   * Allocates nothing then.
   */
  admit(callbackId: string, limits: RunLimits, ownerId: number): DropCode | null {
    const lane = this.#laneOf(callbackId, limits);
    const { counters, throttle } = lane;
    counters.fired++;
    if (this.#closed) return this.#refuse(lane, "ERR_UCB_CLOSED");
    const now = throttle === null ? 0 : this.#turnTime;
    if (throttle?.allows(ownerId, now) === false) {
      counters.throttled++;
      return "ERR_UCB_THROTTLED";
    }
    if (lane.waiting >= limits.queue && limits.overflow !== "drop-oldest") {
      if (limits.overflow === "drop-newest" || (lane.strands.get(ownerId)?.waiting ?? 0) === 0) {
        return this.#refuse(lane, "ERR_UCB_QUEUE_FULL");
      }
      counters.coalesced++;
      return "ERR_UCB_COALESCED";
    }
    throttle?.count(ownerId, now);
    return null;
  }

  /**
   * Takes a run that was let in. Returns the run that gave way to it where the queue was full, which may be itself, if
   * all others have begun before.
   */
  offer(callbackId: string, limits: RunLimits, ownerId: number, item: Item): Item | null {
    const lane = this.#laneOf(callbackId, limits);
    this.#append(lane, ownerId, item);
    if (lane.waiting <= limits.queue || limits.overflow !== "drop-oldest") return null;
    const oldest = lane.fresh.first;
    if (oldest === null) return null;
    this.#room.takeOut(oldest);
    this.#turns.update(oldest.strand);
    lane.counters.dropped.ERR_UCB_QUEUE_FULL++;
    return oldest.item;
  }

  /**
   * Takes a run that was let in by an earlier engine and waits; runs are given in the order in which they fired, before
   * others are offered. `attempt` is the number of its next attempt, `retryAt` in Unix milliseconds when that is due.
   */
  restore(
    callbackId: string,
    limits: RunLimits,
    ownerId: number,
    item: Item,
    state: { attempt: number; retryAt: number | null },
  ): void {
    const lane = this.#laneOf(callbackId, limits);
    if (state.attempt === 1) {
      this.#append(lane, ownerId, item);
      return;
    }
    const strand = this.#turns.strandOf(lane, ownerId);
    const ticket = new Ticket(item, strand, ++this.#sequence, state.attempt);
    this.#room.putBack(ticket, state.retryAt === null ? 0 : state.retryAt - this.#clock.unix());
    this.#turns.update(strand);
    this.#schedule();
  }

  /** Takes a run that executes already, whatever the limits are; it is given in its turn, like those of {@link restore}. */
  adopt(callbackId: string, limits: RunLimits, ownerId: number, item: Item, attempt: number): Slot {
    const strand = this.#turns.strandOf(this.#laneOf(callbackId, limits), ownerId);
    const ticket = new Ticket(item, strand, ++this.#sequence, attempt);
    const slot = this.#begin(ticket);
    this.#turns.update(strand);
    return slot;
  }

  /** Limits hold from now on, also for what waits. Does nothing for a callback that has not fired. */
  limit(callbackId: string, limits: RunLimits): void {
    const lane = this.#lanes.get(callbackId);
    if (lane !== undefined) this.#change(lane, limits);
  }

  /** The callback is no more: its counters go as soon as none of its runs waits or executes. */
  forget(callbackId: string): void {
    const lane = this.#lanes.get(callbackId);
    if (lane === undefined) return;
    lane.isForgotten = true;
    this.#lanes.tidy(lane);
  }

  /** Those of all callbacks that have fired, as they are now. */
  counters(): Map<string, CallbackCounters> {
    return this.#lanes.counters();
  }

  /** Those callbacks that are paused, by id. */
  pauses(): Map<string, CallbackPause> {
    return this.#lanes.pauses();
  }

  /** What a run would meet that fired now; null if nothing. Counts nothing. */
  obstacle(callbackId: string, limits: RunLimits, ownerId: number): Obstacle | null {
    const lane = this.#lanes.get(callbackId);
    if (lane === undefined) return null;
    const now = this.#clock.now();
    const throttledMs = lane.throttle?.waitMs(ownerId, now) ?? 0;
    if (throttledMs > 0) {
      const until = Math.ceil(this.#clock.unix() + throttledMs);
      return { kind: "throttled", reason: dropReason("ERR_UCB_THROTTLED", limits), until };
    }
    if (lane.waiting >= limits.queue && limits.overflow !== "drop-oldest") {
      const coalesces = limits.overflow === "coalesce" && (lane.strands.get(ownerId)?.waiting ?? 0) > 0;
      const code = coalesces ? "ERR_UCB_COALESCED" : "ERR_UCB_QUEUE_FULL";
      return { kind: coalesces ? "coalesced" : "queue-full", reason: dropReason(code, limits), until: null };
    }
    const { pause } = lane;
    return pause === null ? null : { kind: "paused", reason: pause.reason, until: pause.until };
  }

  /** Resolves as soon as nothing waits or executes, at once if that is so now. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.#settle();
    });
  }

  /** Begins nothing any more, and hands over all that waits; some in each turn of the event loop. */
  async clear(dropped: (item: Item) => void): Promise<void> {
    this.#closed = true;
    this.#turns.clear();
    this.#room.clearAlarms();
    let count = 0;
    for (const lane of this.#lanes) {
      for (let ticket = lane.firstWaiting; ticket !== null; ticket = lane.firstWaiting) {
        this.#room.takeOut(ticket);
        lane.counters.dropped.ERR_UCB_CLOSED++;
        dropped(ticket.item);
        if (++count % mostDrops === 0) await new Promise<void>((resolve) => this.#clock.soon(resolve));
      }
    }
    this.#settle();
  }

  /**
   * Whole milliseconds on the clock at about the beginning of this turn of the event loop: reading the clock, or handing on
   * a number that is not whole, would allocate.
   */
  get #turnTime(): number {
    if (this.#time < 0) {
      this.#time = Math.floor(this.#clock.now());
      this.#clock.soon(this.#endTurn);
    }
    return this.#time;
  }

  #laneOf(callbackId: string, limits: RunLimits): Lane<Item> {
    const lane = this.#lanes.get(callbackId) ?? this.#lanes.add(callbackId, limits);
    lane.isForgotten = false;
    if (lane.limits !== limits) this.#change(lane, limits);
    return lane;
  }

  #change(lane: Lane<Item>, limits: RunLimits): void {
    const { serial, breaker } = lane.limits;
    lane.limits = limits;
    const isSameBreaker =
      limits.breaker?.failures === breaker?.failures && limits.breaker?.pauseMs === breaker?.pauseMs;
    const change = isSameBreaker ? null : lane.resume();
    if (limits.serial !== serial) for (const strand of lane.strands.values()) this.#turns.update(strand);
    this.#turns.open(lane);
    this.#schedule();
    this.#announce(lane, change);
  }

  #refuse(lane: Lane<Item>, code: "ERR_UCB_QUEUE_FULL" | "ERR_UCB_CLOSED"): DropCode {
    lane.counters.dropped[code]++;
    return code;
  }

  #append(lane: Lane<Item>, ownerId: number, item: Item): void {
    const strand = this.#turns.strandOf(lane, ownerId);
    const ticket = new Ticket(item, strand, ++this.#sequence, 1);
    this.#room.add(ticket);
    this.#turns.update(strand);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed || this.#running >= this.#options.maxRunning || !this.#turns.areReady) return;
    this.#scheduled = true;
    this.#clock.soon(() => {
      this.#scheduled = false;
      this.#startSome();
    });
  }

  /** Starting costs time: whoever fires an event must not wait for it, and the event loop not for long. */
  #startSome(): void {
    const end = this.#clock.now() + longestSliceMs;
    for (let count = 0; count < mostStarts && this.#clock.now() < end; count++) {
      if (this.#closed || this.#running >= this.#options.maxRunning) return;
      const ticket = this.#turns.next();
      if (ticket === null) break;
      this.#room.takeOut(ticket);
      ticket.strand.lane.counters.started++;
      const slot = this.#begin(ticket);
      this.#turns.update(ticket.strand);
      this.#options.start(ticket.item, slot);
    }
    this.#schedule();
  }

  #begin(ticket: Ticket<Item>): Slot {
    const { strand } = ticket;
    const { lane } = strand;
    ticket.probe = lane.breaker.begin();
    ticket.isRunning = true;
    strand.running++;
    lane.running++;
    this.#running++;
    return { end: (ending, reason) => this.#end(ticket, ending, reason) };
  }

  #end(ticket: Ticket<Item>, ending: Ending, reason: string | null): number | null {
    if (!ticket.isRunning) return null;
    const { strand } = ticket;
    const { lane } = strand;
    ticket.isRunning = false;
    strand.running--;
    lane.running--;
    this.#running--;
    const delayMs = this.#delayOf(ticket, ending);
    countEnding(lane.counters, ending, delayMs !== null);
    if (delayMs !== null) {
      ticket.attempt++;
      this.#room.putBack(ticket, delayMs);
    }
    const retryAt = delayMs === null ? null : this.#clock.unix() + delayMs;
    const verdict = verdictOf(ending, delayMs !== null);
    const change = lane.judge(verdict, ticket.probe, reason, this.#clock);
    if (!this.#closed) this.#turns.update(strand);
    this.#schedule();
    this.#lanes.tidy(lane);
    this.#settle();
    this.#announce(lane, change);
    return retryAt;
  }

  /** How long to wait for the next attempt; null if there is none. */
  #delayOf({ strand, attempt }: Ticket<Item>, ending: Ending): number | null {
    const { onLost, retry } = strand.lane.limits;
    if (this.#closed) return null;
    if (ending === "lost") return onLost === "rerun" ? 0 : null;
    return ending === "later" ? retryDelayMs(retry, attempt, (this.#options.random ?? Math.random)()) : null;
  }

  /** Listeners are told last: what they do in turn must find everything in order. */
  #announce(lane: Lane<Item>, change: PauseChange | null): void {
    if (change === null) return;
    this.#lanes.note(lane);
    this.#room.noteChange(lane);
    this.#turns.open(lane);
    this.#schedule();
    this.#options[change.kind](change.pause);
  }

  #settle(): void {
    if (this.#running + this.#room.size > 0) return;
    const resolvers = this.#idle;
    this.#idle = [];
    for (const resolve of resolvers) resolve();
  }
}
