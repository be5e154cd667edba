import { sized } from "../harness/options.js";
import { advantageOver, type Table, type Target } from "../harness/result.js";
import { interleave } from "../harness/rounds.js";
import { type Figure, figureOf } from "../harness/statistics.js";
import { checkAgreement } from "./agreement.js";
import { type Batch, type BatchMatching, type BatchMatchingFactory, batchesOf, fromStrings } from "./batch-matching.js";
import { ourBatches, ourName } from "./ours.js";
import { eventEmitter2 } from "./peers/eventemitter2.js";
import { mapTrie } from "./peers/map-trie.js";
import { mqEmitter } from "./peers/mqemitter.js";
import { qlobberWithCache, qlobberWithoutCache } from "./peers/qlobber.js";
import { tupleHashBatches } from "./peers/tuple-hash-bytes.js";
import { makeEvents, makeRules } from "./workload.js";

const perBatch = 1000;
const factories: readonly BatchMatchingFactory[] = [
  ourBatches,
  tupleHashBatches,
  ...[mapTrie, qlobberWithCache, qlobberWithoutCache, eventEmitter2, mqEmitter].map(
    (factory): BatchMatchingFactory =>
      (rules) =>
        fromStrings(factory(rules)),
  ),
];
const byHand = "tuple hash, by hand";

/** The same rules and events as one by one, a thousand events a call, from bytes. */
export async function measureBatches(sizes: readonly number[]): Promise<{ table: Table; targets: Target[] }> {
  const rates = new Map<string, Figure[]>();
  for (const [index, size] of sizes.entries()) {
    const rules = makeRules(size, 1000 + index);
    const events = makeEvents(rules, sized(65_536, 2048), 2000 + index);
    const batches = batchesOf(events, perBatch);
    const matchings = factories.map((factory) => factory(rules));
    checkAgreement(
      matchings.map((matching) => ({ ...matching, count: () => 0 })),
      rules,
      events.slice(0, size > 10_000 ? 200 : 1000),
    );
    for (const batch of batches) checkBatch(matchings, batch);
    const times = await interleave(
      matchings.map((matching) => ({ name: matching.name, turn: () => void countAll(matching, batches) })),
      // A matcher in use has what it needs in the processor's caches; the first turn behind others' is spent on that.
      { rounds: sized(11, 2), warmups: sized(2, 1), turns: sized(3, 1) },
    );
    for (const [name, milliseconds] of times) {
      const rate = figureOf(milliseconds.map((time) => events.length / time / 1000));
      rates.set(name, [...(rates.get(name) ?? []), rate]);
    }
  }
  const table: Table = {
    id: "batches",
    title: `Matching, batches of ${perBatch.toLocaleString("en-US")} events from bytes`,
    unit: "million events a second",
    better: "more",
    scale: "log",
    columns: sizes.map((size) => `${size.toLocaleString("en-US")} rules`),
    rows: [...rates].map(([name, figures]) => ({ name, figures })),
    subject: ourName,
    notes: ["Ours and the tuple hash read bytes; the others are given strings that were decoded before."],
  };
  return { table, targets: targetsOf(table, sizes) };
}

function targetsOf(table: Table, sizes: readonly number[]): Target[] {
  return sizes.map((size, column) => ({
    what: `match in batches, ${size} rules, over ${byHand}`,
    needed: size > 10_000 ? 4 : 2.5,
    bound: "at least",
    measured: advantageOver(table, byHand, column)?.median ?? Number.NaN,
    unit: "×",
  }));
}

function countAll(matching: BatchMatching, batches: readonly Batch[]): number {
  let fired = 0;
  for (const batch of batches) fired += matching.countBatch(batch);
  return fired;
}

function checkBatch(matchings: readonly BatchMatching[], batch: Batch): void {
  const counts = matchings.map((matching) => matching.countBatch(batch));
  if (new Set(counts).size === 1) return;
  const list = matchings.map(({ name }, index) => `${name} ${counts[index]}`).join(", ");
  throw new Error(`different numbers of matches in a batch: ${list}`);
}
