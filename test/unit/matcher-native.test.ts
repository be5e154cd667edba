import { createRequire } from "node:module";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { type NativeMatcher, native } from "../../lib/native.js";
import { packageRoot } from "../../lib/package-root.js";

const self = 0;
const parent = 1;
const job = 1 << 0;
const work = 1 << 2;
const and = 0xfffffffe;

interface WrittenTerm {
  name: string;
  types: number;
  context: number;
  extra: string;
}

interface WrittenRule {
  callback: number;
  terms: WrittenTerm[];
  code: number[];
}

const term = (name: string, types: number, extra = "", context = self): WrittenTerm => ({
  name,
  types,
  context,
  extra,
});
const rule = (callback: number, ...terms: WrittenTerm[]): WrittenRule => ({
  callback,
  terms,
  code: terms.flatMap((_, index) => (index === 0 ? [0] : [index, and])),
});

/** Writes a program word by word, as FORMAT.md says; `*` in a text is a wildcard. */
function programOf(rules: readonly WrittenRule[]): Uint8Array {
  const tables = { rules: [] as number[], terms: [] as number[], patterns: [] as number[], segments: [] as number[] };
  const code: number[] = [];
  let pool = Buffer.alloc(0);
  const patternOf = (text: string): number => {
    const pieces = text.split("*");
    tables.patterns.push(tables.segments.length / 2, pieces.length);
    for (const piece of pieces) {
      const bytes = Buffer.from(piece);
      tables.segments.push(pool.length, bytes.length);
      pool = Buffer.concat([pool, bytes]);
    }
    return tables.patterns.length / 2 - 1;
  };
  for (const [index, { callback, terms, code: ownCode }] of rules.entries()) {
    const remembers = ownCode.includes(and) ? 1 : 0;
    tables.rules.push(callback, index + 1, 0, remembers, tables.terms.length / 6, terms.length, code.length);
    tables.rules.push(ownCode.length);
    code.push(...ownCode);
    for (const { name, types, context, extra } of terms) {
      tables.terms.push(patternOf(name), types, context, 0, 0, patternOf(extra));
    }
  }
  const counts = [rules.length, tables.terms.length / 6, tables.patterns.length / 2, tables.segments.length / 2];
  const words = [0x31424355, 1, ...counts, code.length, pool.length];
  words.push(...tables.rules, ...tables.terms, ...tables.patterns, ...tables.segments, ...code);
  const bytes = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) bytes.writeUInt32LE(word, index * 4);
  return Buffer.concat([bytes, pool]);
}

const kept: (NativeMatcher | Float64Array)[] = [];
const numbersOf = new WeakMap<NativeMatcher, Float64Array>();

/** A matcher with these rules, and where it writes the pairs. */
function loaded(rules: readonly WrittenRule[], pairs = 8): { matcher: NativeMatcher; results: Float64Array } {
  const [matcher, numbers] = native.matcherCreate(pairs);
  numbersOf.set(matcher, numbers);
  native.matcherLoad(matcher, programOf(rules));
  return { matcher, results: numbers.subarray(2) };
}

/** How many pairs the event fires. */
function match(matcher: NativeMatcher, event: string): number | undefined {
  native.matcherChoose(matcher);
  native.matcherMatchChosen(event);
  return numbersOf.get(matcher)?.[0];
}

/** Calls something whose arguments no type allows. */
function misuse(name: keyof typeof native, ...values: unknown[]): () => unknown {
  return () => Reflect.apply(native[name], undefined, values);
}

describe("matching", () => {
  it("writes pairs of callback and owner into the results", () => {
    const { matcher, results } = loaded([
      rule(7, term("complete", job)),
      rule(3, term("complete", job, "", parent)),
      rule(9, term("failed", work, "1*")),
    ]);
    native.matcherAttach(matcher, 20, 10, 0, "");
    native.matcherAttach(matcher, 9007199254740991, 10, 0, "");
    expect(match(matcher, "complete-job-10")).toBe(3);
    expect([...results.subarray(0, 6)]).toEqual([3, 20, 3, 9007199254740991, 7, 10]);
    expect(match(matcher, "failed-work-5-17")).toBe(1);
    expect([...results.subarray(0, 2)]).toEqual([9, 5]);
    expect(match(matcher, "failed-work-5-27")).toBe(0);
    expect(match(matcher, "failed-work")).toBe(-1);
    native.matcherDetach(matcher, 20);
    expect(match(matcher, "complete-job-10")).toBe(2);
  });

  it("remembers, forgets and counts", () => {
    const { matcher } = loaded([rule(1, term("complete", job), term("complete", job, "", parent))]);
    native.matcherAttach(matcher, 2, 1, 0, "label");
    expect(match(matcher, "complete-job-1")).toBe(0);
    expect(native.matcherStats(matcher)).toMatchObject({ rules: 1, terms: 2, attachedJobs: 1, memories: 2 });
    expect(native.matcherStats(matcher).bytes).toBeGreaterThan(100);
    expect(match(matcher, "complete-job-2")).toBe(1);
    expect(match(matcher, "removed-job-1")).toBe(0);
    expect(native.matcherStats(matcher).memories).toBe(0);
  });

  it("gives what the results have no room for when asked", () => {
    const rules = Array.from({ length: 5000 }, (_, callback) => rule(4999 - callback, term("complete", job)));
    const { matcher, results } = loaded(rules, 3);
    expect(match(matcher, "complete-job-42")).toBe(5000);
    expect([...results]).toEqual([0, 42, 1, 42, 2, 42]);
    const rest = new Float64Array(2 * 4997 + 3).fill(-1);
    native.matcherFetch(matcher, rest, 3);
    expect([...rest.subarray(0, 4)]).toEqual([3, 42, 4, 42]);
    expect([...rest.subarray(-5)]).toEqual([4999, 42, -1, -1, -1]);
    const few = new Float64Array(3);
    native.matcherFetch(matcher, few, 4998);
    expect([...few]).toEqual([4998, 42, 0]);
    native.matcherFetch(matcher, few, 5000);
    expect([...few]).toEqual([4998, 42, 0]);
    expect(match(matcher, "complete-job")).toBe(-1);
    native.matcherFetch(matcher, few, 0);
    expect([...few]).toEqual([4998, 42, 0]);
  });

  it("goes on when somebody tries to take the numbers away", () => {
    const [matcher, numbers] = native.matcherCreate(8);
    native.matcherLoad(matcher, programOf([rule(7, term("complete", job))]));
    try {
      expect(structuredClone(numbers, { transfer: [numbers.buffer] })).toHaveLength(2 + 16);
    } catch (error) {
      // Newer versions of Node.js do not let them be taken.
      expect(error).toMatchObject({ name: "DataCloneError" });
    }
    match(matcher, "complete-job-1");
    const fetched = new Float64Array(2);
    native.matcherFetch(matcher, fetched, 0);
    expect([...fetched]).toEqual([7, 1]);
  });

  it("writes for nobody once the numbers alone are left, or the matcher", () => {
    for (let round = 0; round < 500; round++) {
      const [matcher, numbers] = native.matcherCreate(2);
      native.matcherLoad(matcher, programOf([rule(round, term("complete", job))]));
      match(matcher, "complete-job-1");
      kept.push(round % 2 === 0 ? matcher : numbers);
    }
    for (const [round, one] of kept.entries()) {
      if (one instanceof Float64Array) expect([...one.subarray(0, 4)]).toEqual([1, 0, round, 1]);
      else match(one, "complete-job-1");
    }
  });
});

describe("batches", () => {
  const room = (entries: number) => new Float64Array(3 + 4 * entries);
  const bytes = (text: string) => new TextEncoder().encode(text);

  it("tell where they ended, how many events there were, and what they fire", () => {
    const { matcher } = loaded([rule(7, term("complete", job)), rule(9, term("complete", job))]);
    const text = bytes("complete-job-5\nnonsense\r\nsubmit-job-6\ncomplete-job-7");
    const results = room(3);
    expect(native.matcherMatchBatch(matcher, text, 0, results, false)).toBeUndefined();
    expect([...results]).toEqual([23, 1, 15, 7, 5, 0, 14, 9, 5, 0, 14, -1, 0, 15, 23]);
    expect(native.matcherMatchBatch(matcher, text, 23, results, false)).toBeUndefined();
    expect([...results.subarray(0, 11)]).toEqual([text.length, 2, 11, 7, 7, 38, 52, 9, 7, 38, 52]);
    expect(native.matcherMatchBatch(matcher, text, text.length, results, true)).toBeUndefined();
    expect([...results.subarray(0, 3)]).toEqual([text.length, 0, 3]);
    expect(native.matcherMatchBatch(matcher, text, text.length + 1000, results, true)).toBeUndefined();
  });

  it("answer with a larger array where one event fires too much", () => {
    const rules = Array.from({ length: 100 }, (_, callback) => rule(callback, term("complete", job)));
    const { matcher } = loaded(rules);
    const answer = native.matcherMatchBatch(matcher, bytes("complete-job-5\ncomplete-job-6"), 0, room(1), false);
    expect(answer?.length).toBe(3 + 400);
    expect([...(answer ?? []).slice(0, 3)]).toEqual([14, 1, 403]);
    expect([...(answer ?? []).slice(-4)]).toEqual([99, 5, 0, 14]);
  });

  it("read shared memory and views of a part", () => {
    const { matcher } = loaded([rule(7, term("complete", job))]);
    const shared = new Uint8Array(new SharedArrayBuffer(40), 7, 14);
    shared.set(bytes("complete-job-5"));
    const results = room(2);
    native.matcherMatchBatch(matcher, shared, 0, results, false);
    expect([...results.subarray(0, 7)]).toEqual([14, 1, 7, 7, 5, 0, 14]);
  });
});

describe("texts", () => {
  const frames = [
    "ä",
    "動画",
    "🎬",
    "š",
    "a\0b",
    "\0",
    "é".repeat(300),
    "x".repeat(1 << 20),
    `${"x".repeat(1 << 20)}動`,
  ];

  it.each(frames.map((frame) => [frame.slice(0, 20), frame.length, frame]))("%j of %d units", (_, __, frame) => {
    const { matcher } = loaded([rule(1, term("complete", work, frame)), rule(2, term("complete", work, `${frame}*`))]);
    expect(match(matcher, `complete-work-1-${frame}`)).toBe(2);
    expect(match(matcher, `complete-work-1-${frame}x`)).toBe(1);
    expect(match(matcher, `complete-work-1-${frame.slice(0, -1)}`)).toBe(0);
    expect(match(matcher, `complete-work-1-a${frame}`)).toBe(0);
  });

  it("of every length around the sizes of buffers", () => {
    for (let length = 1; length < 600; length++) {
      const frame = "0123456789".repeat(60).slice(0, length);
      const { matcher } = loaded([
        rule(1, term("complete", work, frame)),
        rule(2, term("complete", work, `${frame}ß`)),
      ]);
      expect(match(matcher, `complete-work-1-${frame}`)).toBe(1);
      expect(match(matcher, `complete-work-1-${frame}ß`)).toBe(1);
      expect(match(matcher, `complete-work-1-${frame}9`)).toBe(0);
    }
  });

  it("does not take a letter for the one that has its low byte", () => {
    const { matcher } = loaded([rule(1, term("complete", work, "a"))]);
    expect(match(matcher, "complete-work-1-\u0161")).toBe(0);
    expect(match(matcher, "complete-work-1-\u0461")).toBe(0);
    expect(match(matcher, "complete\u012dwork-1-a")).toBe(-1);
  });

  it("takes a lone surrogate for U+FFFD, as every UTF-8 encoder of JavaScript does", () => {
    const { matcher } = loaded([rule(1, term("complete", work, "\ufffd"))]);
    expect(match(matcher, "complete-work-1-\ud800")).toBe(1);
  });

  it("knows labels that are not ASCII", () => {
    const { matcher } = loaded([]);
    native.matcherAttach(matcher, 1, 0, 0, "größe-動画".repeat(100));
    expect(native.matcherStats(matcher).attachedJobs).toBe(1);
  });
});

describe("misuse", () => {
  const wrongArgument = { code: "ERR_UCB_ARGUMENT" };
  const { matcher } = loaded([]);
  const launcherLike = Object.create(null);

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["an object", launcherLike],
    ["a number", 5],
    ["a typed array", new Float64Array(2)],
  ])("%s is no matcher", (_, handle) => {
    const calls = [
      misuse("matcherLoad", handle, new Uint8Array(32)),
      misuse("matcherAttach", handle, 1, 0, 0, ""),
      misuse("matcherDetach", handle, 1),
      misuse("matcherChoose", handle),
      misuse("matcherFetch", handle, new Float64Array(2), 0),
      misuse("matcherStats", handle),
      misuse("matcherMatchBatch", handle, new Uint8Array(4), 0, new Float64Array(16), false),
      misuse("matcherTrackMemories", handle),
      misuse("matcherTakeChangedMemories", handle),
      misuse("matcherNoteChangedMemories", handle, 1),
      misuse("matcherExportMemories", handle, 0),
      misuse("matcherImportMemories", handle, 1, new Uint8Array(12)),
      misuse("matcherRemembered", handle, 1),
    ];
    for (const call of calls) {
      expect(call).toThrow(TypeError);
      expect(call).toThrow(expect.objectContaining(wrongArgument));
    }
  });

  it("another kind of handle is no matcher", () => {
    const launcher = native.launcherCreate(() => {}, 1, 0);
    try {
      expect(misuse("matcherChoose", launcher)).toThrow(TypeError);
      expect(misuse("matcherStats", launcher)).toThrow(expect.objectContaining(wrongArgument));
    } finally {
      native.launcherClose(launcher);
    }
  });

  it.each([
    ["matcherCreate", []],
    ["matcherCreate", ["8"]],
    ["matcherMatchBatch", [matcher, "complete-job-1", 0, new Float64Array(16), false]],
    ["matcherMatchBatch", [matcher, new Uint8Array(4), 0, new Float64Array(6), false]],
    ["matcherMatchBatch", [matcher, new Uint8Array(4), 0, new Float32Array(16), false]],
    ["matcherMatchBatch", [matcher, new Uint8Array(4), 0, new Float64Array(16)]],
    ["matcherImportMemories", [matcher, 1, "bytes"]],
    ["matcherRemembered", [matcher, "1"]],
    ["matcherLoad", [matcher]],
    ["matcherLoad", [matcher, "program"]],
    ["matcherLoad", [matcher, new Uint32Array(8)]],
    ["matcherLoad", [matcher, new ArrayBuffer(32)]],
    ["matcherAttach", [matcher, "1", 0, 0, ""]],
    ["matcherAttach", [matcher, 1n, 0, 0, ""]],
    ["matcherAttach", [matcher, 1, undefined, 0, ""]],
    ["matcherAttach", [matcher, 1, 0, null, ""]],
    ["matcherAttach", [matcher, 1, 0, 0, 5]],
    ["matcherAttach", [matcher, 1, 0, 0]],
    ["matcherDetach", [matcher]],
    ["matcherChoose", []],
    ["matcherFetch", [matcher, [], 0]],
    ["matcherFetch", [matcher, new Float64Array(2), "0"]],
  ] as const)("%s of values of the wrong kind", (name, values) => {
    const call = misuse(name, ...values);
    expect(call).toThrow(TypeError);
    expect(call).toThrow(expect.objectContaining(wrongArgument));
  });

  it.each([
    ["matcherCreate", [0]],
    ["matcherMatchBatch", [matcher, new Uint8Array(4), -1, new Float64Array(16), false]],
    ["matcherExportMemories", [matcher, -1]],
    ["matcherImportMemories", [matcher, 1.5, new Uint8Array()]],
    ["matcherAttach", [matcher, 0, 0, 0, ""]],
    ["matcherAttach", [matcher, -1, 0, 0, ""]],
    ["matcherAttach", [matcher, 1.5, 0, 0, ""]],
    ["matcherAttach", [matcher, Number.NaN, 0, 0, ""]],
    ["matcherAttach", [matcher, 2 ** 53, 0, 0, ""]],
    ["matcherAttach", [matcher, Number.POSITIVE_INFINITY, 0, 0, ""]],
    ["matcherAttach", [matcher, 1, -1, 0, ""]],
    ["matcherAttach", [matcher, 1, 0, 0.5, ""]],
    ["matcherDetach", [matcher, 0]],
    ["matcherFetch", [matcher, new Float64Array(2), -1]],
  ] as const)("%s of values out of range", (name, values) => {
    const call = misuse(name, ...values);
    expect(call).toThrow(RangeError);
    expect(call).toThrow(expect.objectContaining(wrongArgument));
  });

  it("says which word of a program is wrong and keeps the old rules", () => {
    const { matcher: own } = loaded([rule(1, term("complete", job))]);
    const wrong = programOf([rule(1, term("complete", job))]);
    wrong[4] = 9;
    expect(() => native.matcherLoad(own, wrong)).toThrow(
      expect.objectContaining({ code: "ERR_UCB_PROGRAM", message: expect.stringContaining("(word 1)") }),
    );
    expect(() => native.matcherLoad(own, new Uint8Array(0))).toThrow(
      expect.objectContaining({ code: "ERR_UCB_PROGRAM" }),
    );
    expect(match(own, "complete-job-1")).toBe(1);
  });

  it("takes a program from the middle of a buffer", () => {
    const program = programOf([rule(1, term("complete", job))]);
    const shifted = new Uint8Array(program.length + 3);
    shifted.set(program, 3);
    const { matcher: own } = loaded([]);
    native.matcherLoad(own, shifted.subarray(3));
    expect(match(own, "complete-job-1")).toBe(1);
  });
});

describe("the chosen matcher", () => {
  it("is the one that was chosen last, and says so", () => {
    const [one, oneNumbers, oneIsChosen] = native.matcherCreate(4);
    const [other, otherNumbers, otherIsChosen] = native.matcherCreate(4);
    native.matcherLoad(one, programOf([rule(1, term("complete", job))]));
    native.matcherLoad(other, programOf([rule(2, term("complete", job))]));
    const chosen = () => [oneIsChosen[0], otherIsChosen[0]];
    native.matcherChoose(one);
    expect(chosen()).toEqual([1, 0]);
    native.matcherMatchChosen("complete-job-5");
    expect([...oneNumbers.subarray(0, 4)]).toEqual([1, 0, 1, 5]);
    native.matcherChoose(other);
    expect(chosen()).toEqual([0, 1]);
    native.matcherMatchChosen("complete-job-6");
    expect([...otherNumbers.subarray(0, 4)]).toEqual([1, 0, 2, 6]);
    expect(oneNumbers[3]).toBe(5);
    native.matcherChoose(one);
    native.matcherMatchChosen("complete-job-7");
    expect([oneNumbers[3], otherNumbers[3]]).toEqual([7, 6]);
    expect(chosen()).toEqual([1, 0]);
  });

  it("is asked only with a string", () => {
    native.matcherChoose(loaded([]).matcher);
    for (const event of [undefined, 5, {}, Symbol.iterator, { toString: () => "complete-job-1" }]) {
      expect(misuse("matcherMatchChosen", event)).toThrow(expect.objectContaining({ code: "ERR_UCB_ARGUMENT" }));
    }
    expect(misuse("matcherMatchChosen")).toThrow(TypeError);
  });
});

describe("lifetimes", () => {
  it("a thousand matchers come and go", () => {
    for (let round = 0; round < 1000; round++) {
      const { matcher, results } = loaded([rule(round, term("complete", job))]);
      expect(match(matcher, "complete-job-3")).toBe(1);
      expect(results[0]).toBe(round);
    }
  });

  it("workers have matchers of their own, also when they end in the middle", async () => {
    const addon = createRequire(import.meta.url).resolve(
      join(packageRoot, "build", "Release", "universal_callbacks.node"),
    );
    const program = programOf([rule(4, term("complete", job), term("failed", job))]);
    const source = `
      const { parentPort, workerData } = require("node:worker_threads");
      const native = require(workerData.addon);
      const [matcher, numbers] = native.matcherCreate(4);
      native.matcherLoad(matcher, workerData.program);
      let refused = null;
      try {
        native.matcherMatchChosen("complete-job-1");
      } catch (error) {
        refused = error.message;
      }
      native.matcherChoose(matcher);
      let fired = 0;
      for (let id = 1; id <= 2000; id++) {
        native.matcherMatchChosen("complete-job-" + id);
        native.matcherMatchChosen("failed-job-" + id);
        fired += numbers[0];
      }
      native.matcherMatchChosen("failed-job-77");
      parentPort.postMessage({ refused, fired, last: [...numbers.subarray(2, 4)], stats: native.matcherStats(matcher) });
      if (workerData.endless) for (;;) native.matcherMatchChosen("complete-job-1");
    `;
    interface Answer {
      refused: string | null;
      fired: number;
      last: number[];
      stats: { memories: number };
    }
    const start = (endless: boolean) =>
      new Promise<Answer>((resolve, reject) => {
        const worker = new Worker(source, { eval: true, workerData: { addon, program, endless } });
        let answer: Answer | undefined;
        worker.once("message", (message) => {
          answer = message;
          if (endless) void worker.terminate();
        });
        worker.once("error", reject);
        worker.once("exit", () => (answer ? resolve(answer) : reject(new Error("the worker said nothing"))));
      });
    const answers = await Promise.all([false, true, false, true].map(start));
    for (const { refused, fired, last, stats } of answers) {
      expect(refused).toBe("no matcher has been chosen");
      expect(fired).toBe(2000);
      expect(last).toEqual([4, 2000]);
      expect(stats.memories).toBe(1);
    }
  });
});
