import { sized } from "../harness/options.js";
import { advantageOver, type Row, type Table, type Target } from "../harness/result.js";
import { interleave } from "../harness/rounds.js";
import { figureOf } from "../harness/statistics.js";
import { checkAgreement, checkCounts } from "./agreement.js";
import type { MatchingFactory } from "./matching.js";
import { ourName, ours } from "./ours.js";
import { eventEmitter2 } from "./peers/eventemitter2.js";
import { mapTrie } from "./peers/map-trie.js";
import { mqEmitter } from "./peers/mqemitter.js";
import { qlobberWithCache, qlobberWithoutCache } from "./peers/qlobber.js";
import { tupleHash } from "./peers/tuple-hash.js";
import { makeEvents, makeRules, matchShares } from "./workload.js";

const factories: readonly MatchingFactory[] = [
  ours,
  tupleHash,
  mapTrie,
  qlobberWithCache,
  qlobberWithoutCache,
  eventEmitter2,
  mqEmitter,
];
const libraries = ["qlobber, cache always hit", "qlobber", "eventemitter2", "mqemitter"];
const byHand = "tuple hash, by hand";

/** One event a call, from its string. */
export async function measureTopics(
  sizes: readonly number[],
): Promise<{ table: Table; targets: Target[]; notes: string[] }> {
  const rates = new Map<string, Row["figures"][number][]>();
  const notes: string[] = [];
  for (const [index, size] of sizes.entries()) {
    const rules = makeRules(size, 1000 + index);
    const events = makeEvents(rules, sized(65_536, 2048), 2000 + index);
    const matchings = factories.map((factory) => factory(rules));
    checkAgreement(matchings, rules, events.slice(0, size > 10_000 ? 200 : 1000));
    checkCounts(matchings, events);
    const times = await interleave(
      matchings.map((matching) => ({ name: matching.name, turn: () => void matching.count(events) })),
      // A matcher in use has what it needs in the processor's caches; the first turn behind others' is spent on that.
      { rounds: sized(11, 2), warmups: sized(2, 1), turns: sized(3, 1) },
    );
    for (const [name, milliseconds] of times) {
      const rate = figureOf(milliseconds.map((time) => events.length / time / 1000));
      rates.set(name, [...(rates.get(name) ?? []), rate]);
    }
    const shares = matchShares(rules, events).map((share, matches) => `${matches}: ${(share * 100).toFixed(0)} %`);
    notes.push(`${size} rules: events by the number of rules they match: ${shares.join(", ")}`);
  }
  const table: Table = {
    id: "one",
    title: "Matching, one event a call, from its string",
    unit: "million events a second",
    better: "more",
    scale: "log",
    columns: sizes.map((size) => `${size.toLocaleString("en-US")} rules`),
    rows: [...rates].map(([name, figures]) => ({ name, figures })),
    subject: ourName,
  };
  return { table, targets: targetsOf(table, sizes), notes };
}

function targetsOf(table: Table, sizes: readonly number[]): Target[] {
  const targets: Target[] = [];
  for (const [column, size] of sizes.entries()) {
    const over = (row: string) => advantageOver(table, row, column)?.median ?? Number.NaN;
    const best = Math.min(...libraries.map(over));
    targets.push(
      { what: `match, ${size} rules, over the best library`, needed: 4, bound: "at least", measured: best, unit: "×" },
      {
        what: `match, ${size} rules, over ${byHand}`,
        needed: 1.5,
        bound: "at least",
        measured: over(byHand),
        unit: "×",
      },
    );
  }
  const own = table.rows.find(({ name }) => name === table.subject)?.figures;
  const [few, many] = [own?.[sizes.indexOf(1000)], own?.[sizes.indexOf(100_000)]];
  if (few && many) {
    const growth = few.median / many.median;
    const what = "match, cost of an event at 100,000 rules over 1,000";
    targets.push({ what, needed: 2.5, bound: "at most", measured: growth, unit: "×" });
  }
  return targets;
}
