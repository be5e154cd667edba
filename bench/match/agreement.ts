import type { Matching } from "./matching.js";
import type { TopicRule } from "./rule.js";

/** What the rules say of an event, asked one by one: slow, and too simple to be wrong. */
export function askEachRule(rules: readonly TopicRule[], event: string): number[] {
  const [name, type, job, extra] = event.split("-");
  return rules
    .filter(
      (rule) =>
        (rule.name === null || rule.name === name) &&
        (rule.type === null || rule.type === type) &&
        (rule.job === null || String(rule.job) === job) &&
        (rule.extra === null || fits(rule.extra, extra ?? "")),
    )
    .map(({ callback }) => callback);
}

/** `pattern` may hold `*` for any run of characters. */
function fits(pattern: string, text: string): boolean {
  if (!pattern.includes("*")) return pattern === text;
  const pieces = pattern.split("*").map((piece) => piece.replace(/[^0-9A-Za-z_]/g, "\\$&"));
  return new RegExp(`^${pieces.join(".*")}$`, "s").test(text);
}

/**
 * Compares everybody's answers.
 * @throws Error naming the event and the answers, if any differ
 */
export function checkAgreement(
  matchings: readonly Matching[],
  rules: readonly TopicRule[],
  events: readonly string[],
): void {
  for (const event of events) {
    const right = sorted(askEachRule(rules, event));
    for (const matching of matchings) {
      const answer = sorted(matching.answer(event));
      if (answer !== right) {
        throw new Error(`${event}: ${matching.name} answers [${answer}], the rules say [${right}]`);
      }
    }
  }
}

/** @throws Error if not all count the same number of matches over all events */
export function checkCounts(matchings: readonly Matching[], events: readonly string[]): void {
  const counts = matchings.map((matching) => matching.count(events));
  if (new Set(counts).size > 1) {
    const list = matchings.map(({ name }, index) => `${name} ${counts[index]}`).join(", ");
    throw new Error(`${events.length} events, but different numbers of matches: ${list}`);
  }
}

function sorted(callbacks: readonly number[]): string {
  return [...callbacks].sort((one, other) => one - other).join(", ");
}
