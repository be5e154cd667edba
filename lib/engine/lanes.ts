import type { RunLimits } from "../config/run-limits.js";
import type { CallbackPause } from "./breaker.js";
import type { CallbackCounters } from "./counters.js";
import { Lane } from "./lane.js";

/** The lanes of all callbacks that have fired. */
export class Lanes<Item> {
  readonly #lanes = new Map<string, Lane<Item>>();
  readonly #paused = new Set<Lane<Item>>();

  get(callbackId: string): Lane<Item> | undefined {
    return this.#lanes.get(callbackId);
  }

  add(callbackId: string, limits: RunLimits): Lane<Item> {
    const lane = new Lane<Item>(callbackId, limits);
    this.#lanes.set(callbackId, lane);
    return lane;
  }

  [Symbol.iterator](): Iterator<Lane<Item>> {
    return this.#lanes.values();
  }

  /** Lets go of a lane once it is both forgotten and empty. */
  tidy(lane: Lane<Item>): void {
    if (!lane.isForgotten || lane.waiting + lane.running > 0) return;
    this.#paused.delete(lane);
    this.#lanes.delete(lane.id);
  }

  /** To be called when a lane was paused or resumed. */
  note(lane: Lane<Item>): void {
    if (lane.pause === null) this.#paused.delete(lane);
    else this.#paused.add(lane);
  }

  /** Runs that wait for the end of a pause, but for those that wait for a retry. */
  get heldBack(): number {
    let heldBack = 0;
    for (const lane of this.#paused) heldBack += lane.waiting - lane.delayed;
    return heldBack;
  }

  pauses(): Map<string, CallbackPause> {
    const pauses = new Map<string, CallbackPause>();
    for (const { id, pause } of this.#paused) if (pause !== null) pauses.set(id, pause);
    return pauses;
  }

  counters(): Map<string, CallbackCounters> {
    const copyOf = ({ counters }: Lane<Item>) => ({ ...counters, dropped: { ...counters.dropped } });
    return new Map(Array.from(this.#lanes.values(), (lane) => [lane.id, copyOf(lane)]));
  }
}
