import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { compileProgram, type Rule } from "../../lib/trigger/compile.js";
import { parseTriggerOrThrow } from "../../lib/trigger/parse.js";

interface Program {
  header: { magic: number; version: number };
  rules: {
    callback: number;
    low: number;
    high: number;
    flags: number;
    firstTerm: number;
    terms: number;
    code: number[];
  }[];
  terms: { name: string[]; types: number; context: number[]; extra: string[] }[];
  patterns: number;
  segments: number;
  codeWords: number;
  pool: string;
}

/** Reads a program as FORMAT.md says. */
function readProgram(bytes: Uint8Array): Program {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const words = (count: number) => Array.from({ length: count }, () => view.getUint32((at++ - 0) * 4, true));
  const [magic = 0, version = 0, rules = 0, terms = 0, patterns = 0, segments = 0, codeWords = 0, poolBytes = 0] =
    words(8);
  const table = (count: number, width: number) => Array.from({ length: count }, () => words(width));
  const ruleTable = table(rules, 8);
  const termTable = table(terms, 6);
  const patternTable = table(patterns, 2);
  const segmentTable = table(segments, 2);
  const code = words(codeWords);
  const pool = Buffer.from(bytes.subarray(at * 4));
  expect(pool.length).toBe(poolBytes);
  const patternAt = (index: number) => {
    const [first = 0, count = 0] = patternTable[index] ?? [];
    return segmentTable
      .slice(first, first + count)
      .map(([from = 0, length = 0]) => pool.toString("utf8", from, from + length));
  };
  return {
    header: { magic, version },
    rules: ruleTable.map(
      ([callback = 0, low = 0, high = 0, flags = 0, firstTerm = 0, count = 0, from = 0, length = 0]) => {
        return { callback, low, high, flags, firstTerm, terms: count, code: code.slice(from, from + length) };
      },
    ),
    terms: termTable.map(([name = 0, types = 0, kind = 0, low = 0, high = 0, extra = 0]) => {
      return { name: patternAt(name), types, context: [kind, low, high], extra: patternAt(extra) };
    }),
    patterns,
    segments,
    codeWords,
    pool: pool.toString("utf8"),
  };
}

function compile(...triggers: string[]): Program {
  const rules: Rule[] = triggers.map((text, callback) => ({
    callback,
    key: `k${callback}`,
    trigger: parseTriggerOrThrow(text),
  }));
  return readProgram(compileProgram(rules));
}

const and = 0xfffffffe;
const or = 0xffffffff;

/** How deep the stack gets, after checking that exactly one value is left. */
function stackOf(code: readonly number[]): number {
  let depth = 0;
  let deepest = 0;
  for (const word of code) {
    depth += word === and || word === or ? -1 : 1;
    expect(depth).toBeGreaterThan(0);
    deepest = Math.max(deepest, depth);
  }
  expect(depth).toBe(1);
  return deepest;
}

describe("compileProgram", () => {
  it("writes an empty program", () => {
    expect(compile()).toEqual({
      header: { magic: 0x31424355, version: 1 },
      rules: [],
      terms: [],
      patterns: 0,
      segments: 0,
      codeWords: 0,
      pool: "",
    });
  });

  it("writes every field of a term", () => {
    const { terms } = compile(
      "complete-work-self-10*",
      "*-*-parent-é",
      `a-job-${2 ** 40 + 5}`,
      "a-host-my*label-x",
      "globaltime-5 || globalrepeat-5-6",
    );
    expect(terms.map(({ name, types, context, extra }) => [name, types, context[0], extra])).toEqual([
      [["complete"], 0b100, 0, ["10", ""]],
      [["", ""], 0b111111, 1, ["é"]],
      [["a"], 1, 2, [""]],
      [["a"], 0b1000, 3, ["x"]],
      [[""], 0b1000000, 4, ["5"]],
      [[""], 0b10000000, 4, ["5-6"]],
    ]);
    expect(terms[2]?.context).toEqual([2, 5, 256]);
    expect(terms[0]?.context).toEqual([0, 0, 0]);
  });

  it("writes code that means the expression", () => {
    const { rules } = compile(
      "a-job-self",
      "a-job-self || b-job-self && c-job-self",
      "(a-job-self or b-job-self) and c-job-self",
    );
    expect(rules.map(({ code, flags, terms }) => [code, flags, terms])).toEqual([
      [[0], 0, 1],
      [[1, 2, and, 0, or], 1, 3],
      [[0, 1, or, 2, and], 1, 3],
    ]);
    expect(rules.map(({ firstTerm }) => firstTerm)).toEqual([0, 1, 4]);
  });

  it("names rules by a digest of callback and text", () => {
    const digest = createHash("sha1").update("k1\0b-job-self").digest();
    expect(compile("a-job-self", "b-job-self").rules[1]).toMatchObject({
      callback: 1,
      low: digest.readUInt32LE(0),
      high: digest.readUInt32LE(4),
    });
  });

  it("keeps the stack small however the parentheses stand", () => {
    let nested = "a-job-self";
    for (let depth = 0; depth < 180; depth += 1) nested = `b-job-self ${depth % 2 ? "&&" : "||"} (${nested})`;
    const balanced = (depth: number): string =>
      depth === 0 ? "a-job-self" : `(${balanced(depth - 1)}) ${depth % 2 ? "&&" : "||"} (${balanced(depth - 1)})`;
    const { rules } = compile(nested, balanced(10), Array(5000).fill("a-job-self").join(" || "));
    const stacks = rules.map(({ code }) => stackOf(code));
    expect(stacks).toEqual([2, 11, 2]);
  });

  it("writes what rules share once", () => {
    const one = compile("complete-work-self-frame*beauty && done-job-self");
    const many = compile(
      ...Array.from(
        { length: 50 },
        (_, index) => `complete-work-self-frame*beauty && done-job-self${" ".repeat(index)}`,
      ),
    );
    expect(many.rules).toHaveLength(50);
    expect(many).toMatchObject({
      patterns: one.patterns,
      segments: one.segments,
      codeWords: one.codeWords,
      pool: one.pool,
    });
  });

  it("writes half a surrogate pair as U+FFFD, as it is read from events", () => {
    expect(compile("a-work-self-'\ud83d'").terms[0]?.extra).toEqual(["\ufffd"]);
  });
});
