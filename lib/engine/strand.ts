import type { Alarm } from "./alarms.js";
import type { Linked } from "./chain.js";
import { Heap, type Placed } from "./heap.js";
import type { Lane } from "./lane.js";

/** A run's place in the scheduler, from when it is let in to its end. */
export class Ticket<Item> implements Linked<Ticket<Item>>, Alarm {
  readonly kind = "ticket";
  /** In its lane's chain of those that wait. */
  previous: Ticket<Item> | null = null;
  next: Ticket<Item> | null = null;
  /** The one that fired next in the same strand. */
  behind: Ticket<Item> | null = null;
  /** While it waits for a retry: when that is due. */
  at = 0;
  /** Among alarms or among those that came back: it is never in both. */
  place = -1;
  /** Whether its retry is not due. */
  isDelayed = false;
  isRunning = false;
  /** What its lane's breaker gave it when it began. */
  probe = 0;

  constructor(
    readonly item: Item,
    readonly strand: Strand<Item>,
    /** The order in which runs fired. */
    readonly sequence: number,
    /** From 1; the next one's number while it waits. */
    public attempt: number,
  ) {}
}

/** An owner job with runs that wait or execute. */
export class Owner<Item> implements Linked<Owner<Item>> {
  previous: Owner<Item> | null = null;
  next: Owner<Item> | null = null;
  /** Whether it is in the round of those whose turn will come. */
  inRound = false;
  strands = 0;
  /** Strands of which a run may begin now. */
  readonly ready = new Heap<Strand<Item>>((one, other) => one.sequence < other.sequence);

  constructor(readonly id: number) {}
}

/** The runs of one callback for one owner job. */
export class Strand<Item> implements Linked<Strand<Item>>, Placed {
  /** In its lane's chain of those that are parked. */
  previous: Strand<Item> | null = null;
  next: Strand<Item> | null = null;
  /** Among its owner's ready strands. */
  place = -1;
  /** `ready`: its next run may begin now. `parked`: as soon as its lane has room. `idle`: it has none that may begin. */
  state: "idle" | "ready" | "parked" = "idle";
  /** That of its next run, up to date while it is ready. */
  sequence = 0;
  running = 0;
  /** Runs that wait until a retry is due. */
  delayed = 0;
  /** All runs that wait, the delayed ones included. */
  waiting = 0;
  #first: Ticket<Item> | null = null;
  #last: Ticket<Item> | null = null;
  /** Those that wait for an attempt after their first, which is due. They keep the order in which they fired. */
  #returned: Heap<Ticket<Item>> | null = null;

  constructor(
    readonly lane: Lane<Item>,
    readonly owner: Owner<Item>,
  ) {}

  /** The run that begins next. */
  get head(): Ticket<Item> | null {
    const returned = this.#returned?.first ?? null;
    if (returned === null || this.#first === null) return returned ?? this.#first;
    return returned.sequence < this.#first.sequence ? returned : this.#first;
  }

  /** The order of a serial strand is that in which its runs fired: one that will be tried again holds up those behind it. */
  get mayBegin(): boolean {
    return this.head !== null && (this.lane.limits.serial === null || this.running + this.delayed === 0);
  }

  /** Takes a run that fired after all others. */
  append(ticket: Ticket<Item>): void {
    if (this.#last === null) this.#first = ticket;
    else this.#last.behind = ticket;
    this.#last = ticket;
  }

  /** Takes a run back that was taken out. */
  return(ticket: Ticket<Item>): void {
    this.#returned ??= new Heap((one, other) => one.sequence < other.sequence);
    this.#returned.push(ticket);
  }

  /** Takes out a run that came back, or the first of the others. */
  takeOut(ticket: Ticket<Item>): void {
    if (ticket !== this.#first) {
      this.#returned?.remove(ticket);
      return;
    }
    this.#first = ticket.behind;
    if (this.#first === null) this.#last = null;
    ticket.behind = null;
  }
}
