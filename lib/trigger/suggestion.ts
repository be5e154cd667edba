import leven from "leven";

/** How far a word may be from a known one to be taken for a misspelling of it. */
const farthest = 2;

/** The known word that `word` most likely was meant to be, case aside; undefined where none is close. */
export function closest(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = farthest + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - lower.length) > farthest) continue;
    const distance = leven(lower, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * The known word that `word` is but for one letter or two swapped neighbours, case aside: narrower than
 * {@link closest}, for words that people choose freely.
 */
export function slipOf(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  return known.find((each) => leven(lower, each) <= 1 || isSwapped(lower, each));
}

function isSwapped(word: string, other: string): boolean {
  if (word.length !== other.length) return false;
  const at = Array.from(word, (_, index) => index).find((index) => word[index] !== other[index]) ?? 0;
  const swapped = `${word.slice(0, at)}${word.charAt(at + 1)}${word.charAt(at)}${word.slice(at + 2)}`;
  return swapped === other;
}
