import { closest } from "../trigger/suggestion.js";
import { quoted } from "../trigger/wording.js";

/** `did you mean "…"?` where a known word is close, upper and lower case aside; undefined where none is. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  const meant = closestOf(word, known);
  return meant === undefined ? undefined : `did you mean ${quoted(meant)}?`;
}

/** The known word, as it is written, that is closest to this one. */
export function closestOf(word: string, known: Iterable<string>): string | undefined {
  const byLower = new Map(Array.from(known, (each) => [each.toLowerCase(), each]));
  const meant = closest(word, [...byLower.keys()]);
  return meant === undefined ? undefined : byLower.get(meant);
}
