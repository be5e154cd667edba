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
