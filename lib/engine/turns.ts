import { Chain } from "./chain.js";
import type { Clock } from "./clock.js";
import type { Lane } from "./lane.js";
import { Owner, Strand, type Ticket } from "./strand.js";

/** Strands that become ready with one change. Each run that begins is a change: where there is room for more, they follow. */
const mostAtOnce = 2;
/** Strands that are looked at for one run. */
const mostLooks = 500;

/**
 * Whose turn it is. Owner jobs take turns, a run each; what an owner has waiting begins in the order in which it fired,
 * as far as the limits of its callbacks allow. No step looks at more than a few strands, however many wait: those of a
 * callback without room are parked there and come back as room appears.
 */
export class Turns<Item> {
  readonly #clock: Clock;
  readonly #owners = new Map<number, Owner<Item>>();
  readonly #round = new Chain<Owner<Item>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether {@link next} may find something. */
  get areReady(): boolean {
    return this.#round.first !== null;
  }

  strandOf(lane: Lane<Item>, ownerId: number): Strand<Item> {
    const known = lane.strands.get(ownerId);
    if (known !== undefined) return known;
    const owner = this.#owners.get(ownerId) ?? new Owner<Item>(ownerId);
    this.#owners.set(ownerId, owner);
    owner.strands++;
    const strand = new Strand(lane, owner);
    lane.strands.set(ownerId, strand);
    return strand;
  }

  /** To be called whenever something about a strand has changed. Forgets it when it is empty. */
  update(strand: Strand<Item>): void {
    const { lane, owner, head } = strand;
    if (head !== null && strand.mayBegin) {
      strand.sequence = head.sequence;
      if (strand.state === "ready") owner.ready.moved(strand);
      else if (strand.state === "idle") this.#park(strand);
    } else {
      this.#withdraw(strand);
      if (strand.waiting + strand.running === 0) this.#forget(strand);
    }
    this.open(lane);
  }

  /** To be called whenever a lane may have got room. */
  open(lane: Lane<Item>): void {
    const room = lane.parked.first === null ? 0 : lane.room(this.#clock);
    for (let count = 0; count < mostAtOnce; count++) {
      const strand = lane.parked.first;
      if (strand === null || lane.ready >= room) break;
      lane.parked.remove(strand);
      this.#makeReady(strand);
    }
  }

  /** The run whose turn it is, for which it is then no more; null if none may begin, or none was found so far. */
  next(): Ticket<Item> | null {
    for (let look = 0; look < mostLooks; look++) {
      const owner = this.#round.first;
      if (owner === null) return null;
      const strand = owner.ready.first;
      const ticket = strand?.head ?? null;
      if (strand === null || ticket === null) throw new Error("an owner is in the round with nothing ready");
      this.#withdraw(strand);
      if (strand.lane.room(this.#clock) === 0) {
        this.#park(strand);
        continue;
      }
      this.#leave(owner);
      if (owner.ready.first !== null) this.#join(owner);
      return ticket;
    }
    return null;
  }

  /** Lets nobody take a turn any more. */
  clear(): void {
    for (let owner = this.#round.first; owner !== null; owner = this.#round.first) this.#leave(owner);
  }

  #makeReady(strand: Strand<Item>): void {
    strand.state = "ready";
    strand.lane.ready++;
    strand.owner.ready.push(strand);
    if (!strand.owner.inRound) this.#join(strand.owner);
  }

  #park(strand: Strand<Item>): void {
    strand.state = "parked";
    strand.lane.parked.push(strand);
  }

  #withdraw(strand: Strand<Item>): void {
    const { lane, owner } = strand;
    if (strand.state === "parked") lane.parked.remove(strand);
    if (strand.state === "ready") {
      lane.ready--;
      owner.ready.remove(strand);
      if (owner.ready.first === null) this.#leave(owner);
    }
    strand.state = "idle";
  }

  #join(owner: Owner<Item>): void {
    owner.inRound = true;
    this.#round.push(owner);
  }

  #leave(owner: Owner<Item>): void {
    if (owner.inRound) this.#round.remove(owner);
    owner.inRound = false;
  }

  #forget({ lane, owner }: Strand<Item>): void {
    lane.strands.delete(owner.id);
    owner.strands--;
    if (owner.strands === 0) this.#owners.delete(owner.id);
  }
}
