import type { Matching } from "./matching.js";
import type { TopicRule } from "./rule.js";

/** Events that came together: an event a line, and the same as strings for those who cannot read bytes. */
export interface Batch {
  bytes: Uint8Array;
  events: readonly string[];
}

/** Something that tells which rules the events of a batch match. */
export interface BatchMatching {
  readonly name: string;
  /** The callbacks of the rules that one event matches, in any order. */
  answer(event: string): readonly number[];
  /** Matches all events of a batch and returns how many rules they matched. */
  countBatch(batch: Batch): number;
}

export type BatchMatchingFactory = (rules: readonly TopicRule[]) => BatchMatching;

/** Whoever matches strings only is given the lines as strings, decoded before. */
export function fromStrings(matching: Matching): BatchMatching {
  return {
    name: matching.name,
    answer: (event) => matching.answer(event),
    countBatch: ({ events }) => matching.count(events),
  };
}

/** Events in batches of `size`. */
export function batchesOf(events: readonly string[], size: number): Batch[] {
  const batches: Batch[] = [];
  for (let at = 0; at < events.length; at += size) {
    const some = events.slice(at, at + size);
    batches.push({ bytes: new TextEncoder().encode(some.join("\n")), events: some });
  }
  return batches;
}
