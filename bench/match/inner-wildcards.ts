import { sized } from "../harness/options.js";
import type { Table } from "../harness/result.js";
import { interleave } from "../harness/rounds.js";
import { type Figure, figureOf } from "../harness/statistics.js";
import { checkAgreement } from "./agreement.js";
import { ours } from "./ours.js";
import type { TopicRule } from "./rule.js";
import { makeEvents, makeRules } from "./workload.js";

const whole = "wildcards for whole fields";
const inner = "one extra in ten like 4*, *17 or 4*7";

/** Ours alone: topic libraries have no wildcards inside a field. */
export async function measureInnerWildcards(sizes: readonly number[]): Promise<Table> {
  const figures = new Map<string, Figure[]>([
    [whole, []],
    [inner, []],
  ]);
  for (const [index, size] of sizes.entries()) {
    const rules = makeRules(size, 1000 + index);
    const events = makeEvents(rules, sized(65_536, 2048), 2000 + index);
    const opened = rules.map((rule, at) => (at % 10 === 0 ? withInnerWildcard(rule, at / 10) : rule));
    const [exact, wild] = [ours(rules), ours(opened)];
    checkAgreement([wild], opened, events.slice(0, size > 10_000 ? 200 : 1000));
    const times = await interleave(
      [
        { name: whole, turn: () => void exact.count(events) },
        { name: inner, turn: () => void wild.count(events) },
      ],
      { rounds: sized(25, 2), warmups: sized(3, 1) },
    );
    for (const [name, milliseconds] of times) {
      figures.get(name)?.push(figureOf(milliseconds.map((time) => events.length / time / 1000)));
    }
  }
  return {
    id: "inner",
    title: "Matching wildcards inside a field",
    unit: "million events a second",
    better: "more",
    scale: "linear",
    columns: sizes.map((size) => `${size.toLocaleString("en-US")} rules`),
    rows: [...figures].map(([name, row]) => ({ name, figures: row })),
  };
}

function withInnerWildcard(rule: TopicRule, number: number): TopicRule {
  const { extra } = rule;
  if (extra === null || extra.length < 2) return rule;
  const forms = [`${extra.slice(0, 1)}*`, `*${extra.slice(1)}`, `${extra.slice(0, 1)}*${extra.slice(-1)}`];
  return { ...rule, extra: forms[number % forms.length] ?? extra };
}
