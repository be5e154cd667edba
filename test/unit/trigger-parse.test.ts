import { describe, expect, it } from "vitest";
import type { Context, Expression, Term } from "../../lib/trigger/ast.js";
import { maximumNesting, parseTrigger } from "../../lib/trigger/parse.js";
import { jobTypes } from "../../lib/trigger/vocabulary.js";

const self: Context = { kind: "self" };
const parent: Context = { kind: "parent" };
const label = (...pieces: string[]): Context => ({ kind: "label", label: pieces });
const job = (id: number): Context => ({ kind: "job", id });

function onlyTerm(text: string): Term {
  const { trigger, issues } = parseTrigger(text);
  expect(issues.filter((issue) => issue.severity === "error")).toEqual([]);
  if (trigger?.expression.kind !== "term") throw new Error(`${text} is no single event`);
  return trigger.expression;
}

/** `a && (b || c)` as `[and a [or b c]]`. */
function treeOf(part: Expression): string {
  return part.kind === "term" ? part.text : `[${[part.kind, ...part.operands.map(treeOf)].join(" ")}]`;
}

function structureOf(text: string): string {
  const { trigger, issues } = parseTrigger(text);
  expect(issues).toEqual([]);
  return trigger === null ? "" : treeOf(trigger.expression);
}

describe("one event", () => {
  it.each<[string, string[], string[], Context, string[]]>([
    ["complete-job-self", ["complete"], ["job"], self, [""]],
    ["running-job-19294", ["running"], ["job"], job(19294), [""]],
    ["complete-subjob-self-2", ["complete"], ["subjob"], self, ["2"]],
    ["done-job-hello", ["done"], ["job"], label("hello"), [""]],
    ["timeout-work-self-*", ["timeout"], ["work"], self, ["", ""]],
    ["complete-work-ribgen-5", ["complete"], ["work"], label("ribgen"), ["5"]],
    ["running-host-parent-node01", ["running"], ["host"], parent, ["node01"]],
    ["dummy-time-self-3600", ["dummy"], ["time"], self, ["3600"]],
    ["dummy-time-self-*", ["dummy"], ["time"], self, ["", ""]],
    ["dummy-repeat-self-3600-60", ["dummy"], ["repeat"], self, ["3600-60"]],
    ["globaltime-3600", [""], ["globaltime"], { kind: "global" }, ["3600"]],
    ["globaltime-36*", [""], ["globaltime"], { kind: "global" }, ["36", ""]],
    ["globalrepeat-3600-60", [""], ["globalrepeat"], { kind: "global" }, ["3600-60"]],
    ["globalrepeat-*-60", [""], ["globalrepeat"], { kind: "global" }, ["", "-60"]],
    // White space around an event does not belong to it; inside it does.
    ["  complete-work-self-sandor x\t", ["complete"], ["work"], self, ["sandor x"]],
    ["complete-work-self-brandy and-or", ["complete"], ["work"], self, ["brandy and-or"]],
    // Extras hold dashes.
    ["complete-work-self-1-10", ["complete"], ["work"], self, ["1-10"]],
    ["complete-work-self--", ["complete"], ["work"], self, ["-"]],
    // Labels: with dashes only for type job, where keywords and ids come first.
    ["done-job-my-other-job", ["done"], ["job"], label("my-other-job"), [""]],
    ["done-job-selfish-x", ["done"], ["job"], label("selfish-x"), [""]],
    ["done-job--x", ["done"], ["job"], label("-x"), [""]],
    ["done-job-10*", ["done"], ["job"], label("10", ""), [""]],
    ["done-job-5a-7", ["done"], ["job"], label("5a-7"), [""]],
    ["done-work-'my-label'-7", ["done"], ["work"], label("my-label"), ["7"]],
    // Keywords in quotes are labels.
    ["done-job-'self'", ["done"], ["job"], label("self"), [""]],
    ['done-job-"parent"-x', ["done"], ["job"], label("parent-x"), [""]],
    ["done-job-'17'", ["done"], ["job"], label("17"), [""]],
    ["done-work-''self-1", ["done"], ["work"], label("self"), ["1"]],
    ["done-work-'*'-1", ["done"], ["work"], label("*"), ["1"]],
    ["done-work-''*-1", ["done"], ["work"], label("", ""), ["1"]],
    // Quotes protect everything, and the other quote stands for itself.
    ["complete-work-self-'my and work'", ["complete"], ["work"], self, ["my and work"]],
    [`complete-work-self-"a && (b)"`, ["complete"], ["work"], self, ["a && (b)"]],
    [`complete-work-self-'say "x"'`, ["complete"], ["work"], self, ['say "x"']],
    [`complete-work-self-"it's"' "x"'`, ["complete"], ["work"], self, [`it's "x"`]],
    ["complete-work-self-' x '", ["complete"], ["work"], self, [" x "]],
    ["complete-work-self-a'*'b*c", ["complete"], ["work"], self, ["a*b", "c"]],
    ["'complete'-\"work\"-self-1", ["complete"], ["work"], self, ["1"]],
    // Wildcards everywhere; those side by side are one.
    ["*-job-*", ["", ""], ["job"], self, [""]],
    ["*-job-**", ["", ""], ["job"], self, [""]],
    ["fa**ed-work-*-frame_*_beauty", ["fa", "ed"], ["work"], self, ["frame_", "_beauty"]],
    ["a-work-self-*''**x", ["a"], ["work"], self, ["", "x"]],
    ["complete-*-self-*", ["complete"], [...jobTypes], self, ["", ""]],
    ["complete-*job-self-*", ["complete"], ["job", "subjob"], self, ["", ""]],
    ["complete-w*-7-*", ["complete"], ["work"], job(7), ["", ""]],
    // A pattern for the type is no "job": its context ends at a dash.
    ["complete-jo*-my-label", ["complete"], ["job"], label("my"), ["label"]],
    ["done-work-10*-1", ["done"], ["work"], label("10", ""), ["1"]],
    ["done-job-9007199254740991", ["done"], ["job"], job(Number.MAX_SAFE_INTEGER), [""]],
    ["done-job-007", ["done"], ["job"], job(7), [""]],
    ["and-job-self", ["and"], ["job"], self, [""]],
    ["approved by ana-job-self", ["approved by ana"], ["job"], self, [""]],
  ])("%s", (text, name, types, context, extra) => {
    const term = onlyTerm(text);
    expect(term).toMatchObject({ name, types, context, extra, text: text.trim() });
  });

  it("knows where its fields stand", () => {
    expect(onlyTerm(" complete-work-'my-label'-7-8 ")).toMatchObject({
      span: { start: 1, end: 29 },
      fields: {
        name: { start: 1, end: 9 },
        type: { start: 10, end: 14 },
        context: { start: 15, end: 25 },
        extra: { start: 26, end: 29 },
      },
    });
    expect(onlyTerm("done-job-a-b").fields).toEqual({
      name: { start: 0, end: 4 },
      type: { start: 5, end: 8 },
      context: { start: 9, end: 12 },
    });
    expect(onlyTerm("globaltime-5").fields).toEqual({ type: { start: 0, end: 10 }, extra: { start: 11, end: 12 } });
  });
});

describe("expressions", () => {
  const [a, b, c, d] = ["a-job-self", "b-job-self", "c-job-self", "d-job-self"];

  it.each([
    ["complete-job-self && complete-job-parent", "[and complete-job-self complete-job-parent]"],
    ["running-job-sibling && done-job-self", "[and running-job-sibling done-job-self]"],
    [
      "(complete-work-ribgen-5 && complete-work-render-5) || complete-work-composite-5",
      "[or [and complete-work-ribgen-5 complete-work-render-5] complete-work-composite-5]",
    ],
    [`${a}&&${b}||${c}&&${d}`, `[or [and ${a} ${b}] [and ${c} ${d}]]`],
    [`${a} || ${b} && ${c}`, `[or ${a} [and ${b} ${c}]]`],
    [`(${a} || ${b}) && ${c}`, `[and [or ${a} ${b}] ${c}]`],
    [`(${a} && ${b}) && (${c} && ${d})`, `[and ${a} ${b} ${c} ${d}]`],
    [`${a} || (${b} || ${c})`, `[or ${a} ${b} ${c}]`],
    [`((${a}))`, a],
    [`${a} and ${b} OR ${c} And ${d}`, `[or [and ${a} ${b}] [and ${c} ${d}]]`],
    [`(${a})or(${b})`, `[or ${a} ${b}]`],
    [`\n${a}\n\tand\n${b}\u00a0or\u3000${c}`, `[or [and ${a} ${b}] ${c}]`],
  ])("%s", (text, tree) => {
    expect(structureOf(text)).toBe(tree);
  });

  it("takes and, or for operators only where they stand alone", () => {
    expect(onlyTerm("complete-work-self-sand or-b").extra).toEqual(["sand or-b"]);
    expect(onlyTerm("complete-work-self-x'y'and z").extra).toEqual(["xyand z"]);
    expect(onlyTerm("complete-work-self-x oracle").extra).toEqual(["x oracle"]);
  });

  it("remembers only with &&", () => {
    expect(parseTrigger(`${a} || (${b} && ${c})`).trigger?.remembers).toBe(true);
    expect(parseTrigger(`${a} || (${b} or ${c})`).trigger?.remembers).toBe(false);
    expect(parseTrigger("done-work-self-'&&'").trigger?.remembers).toBe(false);
  });

  it("lists its terms from left to right, and spans its operations", () => {
    const text = ` ${a} && (${b} || ${c})`;
    const { trigger } = parseTrigger(text);
    expect(trigger?.text).toBe(text);
    expect(trigger?.terms.map((term) => term.text)).toEqual([a, b, c]);
    expect(trigger?.expression.span).toEqual({ start: 1, end: text.length - 1 });
  });

  it(`holds ${maximumNesting} parentheses inside one another and no more`, () => {
    const nested = (depth: number) => "(".repeat(depth) + a + ")".repeat(depth);
    expect(structureOf(nested(maximumNesting))).toBe(a);
    const { trigger, issues } = parseTrigger(`${nested(maximumNesting + 1)} && ${nested(50_000)}`);
    expect(trigger).toBeNull();
    expect(issues.map(({ code, span }) => [code, span.start])).toEqual([["ERR_UCB_TRIGGER_TOO_DEEP", maximumNesting]]);
  });
});
