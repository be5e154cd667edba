import { Random } from "../harness/random.js";
import { MapTrie } from "./peers/map-trie.js";
import { type TopicRule, triggerText } from "./rule.js";

/** `done` is left out because topic libraries derive no events, `removed` because it would detach jobs. */
export const names = [
  "complete",
  "submit",
  "killed",
  "blocked",
  "failed",
  "running",
  "waiting",
  "assigned",
  "modified",
  "timeout",
  "pending",
  "suspended",
] as const;
/** Types whose events always have an extra: topic libraries do not know of a field that is missing. */
export const types = ["work", "subjob", "host"] as const;
export const highestJob = 1_000_000;
export const highestFrame = 1000;
/** More than this many rules match no event of the workload. */
export const mostMatches = 3;

/** Which fields of a rule are exact, what part of the rules is like that, and how few and how many there may be. */
interface Shape {
  exact: { name: boolean; type: boolean; job: boolean; extra: boolean };
  share: number;
  least?: number;
  most?: number;
}

function shape(fields: string, share: number, limits: { least?: number; most?: number } = {}): Shape {
  const has = (letter: string) => fields.includes(letter);
  return { exact: { name: has("n"), type: has("t"), job: has("j"), extra: has("x") }, share, ...limits };
}

/**
 * Mostly exact extras, every field open in some rules. The limits keep rules for any job so few among 100,000 that an
 * event matches about as many as among 1,000: what grows is the table, not the answer.
 */
const shapes: readonly Shape[] = [
  shape("ntjx", 0.42),
  shape("nt x", 0.25, { most: 9000 }),
  shape("ntj ", 0.15),
  shape("nt  ", 0.005, { least: 1, most: 6 }),
  shape(" tjx", 0.06),
  shape("n jx", 0.07),
  shape("n  x", 0.03, { most: 1200 }),
  shape(" t x", 0.015, { most: 150 }),
];

/** `count` different rules, in no particular order. */
export function makeRules(count: number, seed: number): TopicRule[] {
  const random = new Random(seed);
  const seen = new Set<string>();
  const rules: TopicRule[] = [];
  const add = ({ exact }: Shape, wanted: number): void => {
    for (let left = Math.min(wanted, count - rules.length); left > 0; ) {
      const rule: TopicRule = {
        callback: rules.length,
        name: exact.name ? random.pick(names) : null,
        type: exact.type ? random.pick(types) : null,
        job: exact.job ? random.between(1, highestJob) : null,
        extra: exact.extra ? String(random.between(1, highestFrame)) : null,
      };
      const text = triggerText(rule);
      if (seen.has(text)) continue;
      seen.add(text);
      rules.push(rule);
      left--;
    }
  };
  for (const one of shapes) {
    const { share, least = 0, most = count } = one;
    add(one, Math.max(least, Math.min(most, Math.round(share * count))));
  }
  const [first] = shapes;
  if (first !== undefined) add(first, count - rules.length);
  return shuffled(rules, random);
}

/**
 * Events for these rules: half of them made to match a rule, half at random, none that matches more than `most`. Flat
 * strings, as they come from a socket, and made one behind the other: else they would lie scattered among what choosing
 * them left behind, the more of it the more rules there are, and fetching them would be measured as matching.
 */
export function makeEvents(rules: readonly TopicRule[], count: number, seed: number, most = mostMatches): string[] {
  const random = new Random(seed);
  const trie = new MapTrie(rules);
  const events: string[] = [];
  while (events.length < count) {
    const aim = most > 0 && random.chance(0.5) ? random.pick(rules) : null;
    const name = aim?.name ?? random.pick(names);
    const type = aim?.type ?? random.pick(types);
    const job = aim?.job ?? random.between(1, highestJob);
    const event = `${name}-${type}-${job}-${aim?.extra ?? random.between(1, highestFrame)}`;
    let matches = 0;
    trie.match(event, () => {
      matches++;
    });
    if (matches <= most) events.push(event);
  }
  return events.map(flat);
}

/** How many events match 0, 1, 2 … rules, as shares of 1. */
export function matchShares(rules: readonly TopicRule[], events: readonly string[]): number[] {
  const trie = new MapTrie(rules);
  const shares = new Array<number>(mostMatches + 1).fill(0);
  for (const event of events) {
    let matches = 0;
    trie.match(event, () => {
      matches++;
    });
    shares[matches] = (shares[matches] ?? 0) + 1 / events.length;
  }
  return shares;
}

/** The text without the engine's record of how it was put together, which every first reader would pay for. */
export function flat(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}

function shuffled(rules: readonly TopicRule[], random: Random): TopicRule[] {
  const left = [...rules];
  return rules.map((_, callback) => {
    const at = random.below(left.length);
    const last = left.pop();
    const taken = at < left.length ? left[at] : last;
    if (taken === undefined || last === undefined) throw new RangeError("no rule is left");
    if (at < left.length) left[at] = last;
    return { ...taken, callback };
  });
}
