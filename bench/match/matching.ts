import type { TopicRule } from "./rule.js";

/** Something that tells which rules an event matches. */
export interface Matching {
  readonly name: string;
  /** The callbacks of the rules that the event matches, in any order. */
  answer(event: string): readonly number[];
  /** Matches all events and returns how many rules they matched, so that nobody can leave the work undone. */
  count(events: readonly string[]): number;
}

export type MatchingFactory = (rules: readonly TopicRule[]) => Matching;
