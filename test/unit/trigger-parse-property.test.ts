import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Expression } from "../../lib/trigger/ast.js";
import { parseTrigger } from "../../lib/trigger/parse.js";
import { jobTypes } from "../../lib/trigger/vocabulary.js";
import { type ExpressionModel, printTrigger, type TermModel } from "../support/print-trigger.js";
import { triggerModel } from "../support/trigger-arbitrary.js";
import { smallWorld, wildWorld } from "../support/trigger-worlds.js";

/** What counts of an expression: nothing about how it was written. */
function essenceOf(part: Expression): unknown {
  if (part.kind !== "term") return { kind: part.kind, operands: part.operands.map(essenceOf) };
  const { name, types, context, extra } = part;
  return { name, types, context, extra };
}

function expectedOf(model: ExpressionModel): unknown {
  if (model.kind === "term") return expectedTerm(model);
  const operands = model.operands.flatMap((operand) => {
    const expected = expectedOf(operand);
    return operand.kind === model.kind ? (expected as { operands: unknown[] }).operands : [expected];
  });
  return { kind: model.kind, operands };
}

function expectedTerm({ name, type, context, extra }: TermModel): unknown {
  if (type.startsWith("global")) return { name: [""], types: [type], context: { kind: "global" }, extra };
  const fitting = new RegExp(`^${type.replace(/\*+/g, ".*")}$`);
  return {
    name,
    types: jobTypes.filter((each) => fitting.test(each)),
    context: expectedContext(context),
    extra: extra ?? [""],
  };
}

function expectedContext(context: TermModel["context"]): unknown {
  if (typeof context === "number") return { kind: "job", id: context };
  if (typeof context === "object") return { kind: "label", label: context.label };
  return { kind: context === "parent" ? "parent" : "self" };
}

describe("parseTrigger", () => {
  it.each([
    ["small", smallWorld],
    ["wild", wildWorld],
  ])("finds again what was written of a %s world", (_, world) => {
    fc.assert(
      fc.property(triggerModel(world), (model) => {
        const text = printTrigger(model);
        const { trigger, issues } = parseTrigger(text);
        expect(issues.filter((issue) => issue.severity === "error")).toEqual([]);
        expect(trigger && essenceOf(trigger.expression)).toEqual(expectedOf(model));
        expect(trigger?.remembers).toBe(JSON.stringify(model).includes('"kind":"and"'));
        for (const term of trigger?.terms ?? []) expect(text.slice(term.span.start, term.span.end)).toBe(term.text);
      }),
      { numRuns: 500 },
    );
  });

  const fragments = fc.constantFrom(
    "complete-job-self",
    "done-work-parent-*",
    "x-job-a-b",
    "globaltime-5",
    "globalrepeat-5-6",
    "faild-job-7",
    "a-wrok-b",
    "&&",
    "||",
    "&",
    "|",
    "(",
    ")",
    "and",
    " or ",
    " ",
    "'",
    '"',
    "-",
    "*",
    "\n",
    "\0",
    "\ud800",
  );
  const anyText = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.array(fragments, { maxLength: 30 }).map((parts) => parts.join("")),
  );

  it("answers to any text, with a trigger or an error, in the order of the text and inside it", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { trigger, issues } = parseTrigger(text);
        expect(trigger === null).toBe(issues.some((issue) => issue.severity === "error"));
        let last = 0;
        for (const { severity, code, message, hint, span } of issues) {
          expect(code).toMatch(severity === "error" ? /^ERR_UCB_TRIGGER_[A-Z_]+$/ : /^WARN_UCB_TRIGGER_[A-Z_]+$/);
          expect(message).not.toBe("");
          expect(hint).not.toBe("");
          expect(span.start).toBeGreaterThanOrEqual(last);
          expect(span.end).toBeGreaterThanOrEqual(span.start);
          expect(span.end).toBeLessThanOrEqual(text.length);
          last = span.start;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["terms", (n: number) => Array.from({ length: n }, (_, i) => `complete-work-self-${i}`).join(" && ")],
    ["alternating operators", (n: number) => `${"a-job-self && b-job-self || ".repeat(n / 2)}c-job-self`],
    ["fixed ids", (n: number) => `(${Array.from({ length: n }, (_, i) => `a-job-${i + 1}`).join(" || ")}) && b-job-1`],
    ["open parentheses", (n: number) => "(".repeat(n)],
    ["closing parentheses", (n: number) => ")".repeat(n)],
    ["operators", (n: number) => "&& ".repeat(n)],
    ["words", (n: number) => "a or ".repeat(n)],
    ["quotes", (n: number) => "''".repeat(n)],
    ["open quotes", (n: number) => `a'"`.repeat(n)],
    ["wildcards", (n: number) => `a-job-${"*x".repeat(n)}`],
    ["dashes", (n: number) => "-".repeat(n)],
    ["white space", (n: number) => `a${" ".repeat(n)}b`],
  ])("takes time in proportion to the text: %s", (_, make) => {
    const time = (text: string): number => {
      const started = process.cpuUsage();
      parseTrigger(text);
      const { user, system } = process.cpuUsage(started);
      return (user + system) / 1000;
    };
    time(make(2_000));
    const small = Math.min(time(make(10_000)), time(make(10_000)));
    const large = Math.min(time(make(80_000)), time(make(80_000)));
    // Eight times the text; a quadratic parser would take 64 times as long.
    expect(large).toBeLessThan(8 * 3.5 * Math.max(small, 4));
  });
});
