import fc from "fast-check";
import type { Pattern } from "../../lib/trigger/ast.js";
import type { ExpressionModel, Spelling, TermModel } from "./print-trigger.js";

/** What triggers are made of: a small world makes events and triggers meet, a wild one makes parsers stumble. */
export interface TriggerWorld {
  names: fc.Arbitrary<Pattern>;
  labels: fc.Arbitrary<Pattern>;
  extras: fc.Arbitrary<Pattern>;
  times: fc.Arbitrary<string>;
  jobIds: fc.Arbitrary<number>;
}

const spelling: fc.Arbitrary<Spelling> = fc.record({
  quoteAll: fc.boolean(),
  words: fc.boolean(),
  space: fc.constantFrom("", "", " ", "\t\n ", "\u00a0"),
  parentheses: fc.boolean(),
});

const typesWithExtra = ["subjob", "work", "host"];
const wildTypes = ["*", "*job", "*o*", "w*k", "ti*", "re**at", "*subjob*"];

/** Pieces with wildcards between them; those inside are not empty, since wildcards side by side are one. */
export function patternOf(piece: fc.Arbitrary<string>): fc.Arbitrary<Pattern> {
  const filled = piece.filter((text) => text !== "");
  const ends = fc.oneof(fc.constant(""), filled);
  return fc.oneof(
    { weight: 3, arbitrary: filled.map((text) => [text]) },
    fc.tuple(ends, fc.array(filled, { maxLength: 2 }), ends).map(([first, inner, last]) => [first, ...inner, last]),
  );
}

export function triggerModel(world: TriggerWorld, depth = 3): fc.Arbitrary<ExpressionModel> {
  const term = termModel(world);
  if (depth === 0) return term;
  const inner = triggerModel(world, depth - 1);
  return fc.oneof(
    { weight: 2, arbitrary: term },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom("and" as const, "or" as const),
        operands: fc.array(inner, { minLength: 2, maxLength: 3 }),
        spelling,
      }),
    },
  );
}

function termModel({ names, labels, extras, times, jobIds }: TriggerWorld): fc.Arbitrary<TermModel> {
  const keyword = fc.oneof(fc.constantFrom("self" as const, "self" as const, "parent" as const, "*" as const), jobIds);
  const label = labels.map((pattern) => ({ label: pattern }));
  const context = fc.oneof(keyword, label);
  const none = fc.constant(undefined);
  const base = { kind: fc.constant("term" as const), name: names, spelling };
  const repeats = fc.tuple(times, times).map(([time, interval]) => [`${time}-${Number(interval) + 1}`]);
  const star: fc.Arbitrary<Pattern> = fc.constant(["", ""]);
  const time = fc.oneof(
    times.map((text) => [text]),
    star,
  );
  const repeat = fc.oneof(repeats, star);
  const nowhere = { name: fc.constant([""]), context: fc.constant("self" as const) };
  return fc.oneof(
    { weight: 3, arbitrary: fc.record({ ...base, type: fc.constant("job"), context, extra: none }) },
    fc.record({ ...base, type: fc.constant("job"), context: keyword, extra: extras }),
    { weight: 3, arbitrary: fc.record({ ...base, type: fc.constantFrom(...typesWithExtra), context, extra: extras }) },
    {
      weight: 2,
      arbitrary: fc.record({ ...base, type: fc.constantFrom(...wildTypes), context, extra: fc.oneof(none, extras) }),
    },
    fc.record({ ...base, type: fc.constant("time"), context, extra: time }),
    fc.record({ ...base, type: fc.constant("repeat"), context, extra: repeat }),
    fc.record({ ...base, ...nowhere, type: fc.constant("globaltime"), extra: time }),
    fc.record({ ...base, ...nowhere, type: fc.constant("globalrepeat"), extra: repeat }),
  );
}
