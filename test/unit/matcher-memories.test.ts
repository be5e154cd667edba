import { describe, expect, it } from "vitest";
import { UcbError } from "../../lib/errors.js";
import { Matcher } from "../../lib/trigger/matcher.js";
import { parseTriggerOrThrow } from "../../lib/trigger/parse.js";

/** A matcher with one callback, numbered from 0, for each trigger, that tells what changes. */
function matcherOf(...triggers: string[]): Matcher {
  const matcher = new Matcher();
  matcher.trackMemories();
  matcher.load(
    triggers.map((text, callback) => ({ callback, key: `0/${callback}.py`, trigger: parseTriggerOrThrow(text) })),
  );
  return matcher;
}

type Exports = [owner: number, exported: Uint8Array | null][];

function changesOf(matcher: Matcher): Exports {
  const changes: Exports = [];
  expect(matcher.takeChangedMemories((owner, exported) => changes.push([owner, exported]))).toBe(changes.length);
  return changes;
}

function exportsOf(matcher: Matcher): Exports {
  const exports: Exports = [];
  expect(matcher.exportMemories((owner, exported) => exports.push([owner, exported]))).toBe(exports.length);
  return exports;
}

const both = "a-job-self && b-job-self";

describe("changes", () => {
  it("are told once, with all that the owner remembers now", () => {
    const matcher = matcherOf(both, "a-job-self && c-job-self");
    expect(changesOf(matcher)).toEqual([]);
    for (const event of ["a-job-2", "a-job-1", "a-job-2"]) matcher.match(event);
    const changes = changesOf(matcher);
    expect(changes.map(([owner]) => owner)).toEqual([2, 1]);
    expect(changes.toReversed()).toEqual(exportsOf(matcher).sort(([one], [other]) => one - other));
    expect(changesOf(matcher)).toEqual([]);
    matcher.match("b-job-1");
    matcher.match("removed-job-2");
    const [[first, left] = [], ...rest] = changesOf(matcher);
    expect([first, left?.length]).toEqual([1, 12 + 13]);
    expect(rest).toEqual([[2, null]]);
  });

  it("are not told by a matcher that was not asked to", () => {
    const matcher = new Matcher();
    matcher.load([{ callback: 0, key: "", trigger: parseTriggerOrThrow(both) }]);
    matcher.match("a-job-1");
    expect(changesOf(matcher)).toEqual([]);
    expect(exportsOf(matcher)).toHaveLength(1);
  });

  it("made by a visitor are told next time", () => {
    const matcher = matcherOf(both);
    for (const id of [1, 2, 3]) matcher.match(`a-job-${id}`);
    const seen: number[] = [];
    matcher.takeChangedMemories((owner) => {
      seen.push(owner);
      matcher.match(`b-job-${owner}`);
      matcher.match("a-job-9");
    });
    expect(seen).toEqual([1, 2, 3]);
    const changes = changesOf(matcher);
    expect(changes.map(([owner]) => owner).sort()).toEqual([1, 2, 3, 9]);
    expect(changes.filter(([, exported]) => exported === null)).toHaveLength(3);
  });

  it("that a visitor failed for are told again", () => {
    const matcher = matcherOf(both);
    for (const id of [1, 2, 3]) matcher.match(`a-job-${id}`);
    const failure = new Error("no space");
    expect(() =>
      matcher.takeChangedMemories((owner) => {
        if (owner === 2) throw failure;
      }),
    ).toThrow(failure);
    expect(changesOf(matcher).map(([owner]) => owner)).toEqual([2, 3]);
  });

  it("come with a reload that takes the rule away", () => {
    const matcher = matcherOf(both);
    matcher.match("a-job-1");
    changesOf(matcher);
    matcher.load([{ callback: 5, key: "0/0.py", trigger: parseTriggerOrThrow(both) }]);
    expect(changesOf(matcher)).toEqual([]);
    matcher.load([]);
    expect(changesOf(matcher)).toEqual([[1, null]]);
  });
});

describe("exports", () => {
  it("of more owners than cross at once can be imported, with the largest ids and those of nobody", () => {
    const matcher = matcherOf(both, "globaltime-1 && globaltime-2");
    const ids = Array.from({ length: 20_000 }, (_, index) => Number.MAX_SAFE_INTEGER - index * 7);
    for (const id of ids) matcher.match(`a-job-${id}`);
    matcher.match("globaltime-1");
    const exports = exportsOf(matcher);
    expect(exports.map(([owner]) => owner).sort((one, other) => one - other)).toEqual([0, ...ids.toReversed()]);
    expect(changesOf(matcher)).toHaveLength(20_001);

    const other = matcherOf(both, "globaltime-1 && globaltime-2");
    for (const [owner, exported] of exports) other.importMemories(owner, exported ?? new Uint8Array());
    expect(changesOf(other)).toEqual([]);
    expect(exportsOf(other)).toEqual(exports);
    expect(other.match("globaltime-2")).toEqual([{ callback: 1, jobId: 0 }]);
    expect(ids.every((jobId) => other.match(`b-job-${jobId}`)[0]?.jobId === jobId)).toBe(true);
    expect(exportsOf(other)).toEqual([]);
  });

  it("are the visitor's to keep, and to use the matcher over", () => {
    const matcher = matcherOf(both);
    for (let id = 1; id <= 5000; id++) matcher.match(`a-job-${id}`);
    const kept: Uint8Array[] = [];
    matcher.exportMemories((owner, exported) => {
      kept.push(exported);
      matcher.match(`removed-job-${owner}`);
    });
    expect(new Set(kept.map((bytes) => Buffer.from(bytes).toString("hex"))).size).toBe(1);
    expect(matcher.stats.memories).toBe(0);
  });
});

describe("imports", () => {
  it("of a rule whose text changed are dropped, and that is a change", () => {
    const matcher = matcherOf(both, "a-job-self && d-job-self");
    matcher.match("a-job-1");
    const [[, exported] = []] = exportsOf(matcher);
    const other = matcherOf("a-job-self && c-job-self", "a-job-self && d-job-self");
    other.importMemories(1, exported ?? new Uint8Array());
    expect(other.remembered(1)).toEqual([{ callback: 1, satisfied: [0] }]);
    expect(changesOf(other)).toEqual(exportsOf(other));
  });

  it.each([
    ["nothing", new Uint8Array()],
    ["noise", Buffer.from("what is this, and how did it come here?")],
    ["half of it", null],
  ])("of %s are refused and change nothing", (_, bytes) => {
    const matcher = matcherOf(both);
    matcher.match("a-job-1");
    const before = exportsOf(matcher);
    const wrong = bytes ?? before[0]?.[1]?.subarray(0, -1) ?? new Uint8Array();
    const refused = expect.objectContaining({
      code: "ERR_UCB_MEMORIES",
      message: expect.stringMatching(/^the memories of job 1 are malformed: .* \(byte \d+\)$/),
    });
    expect(() => matcher.importMemories(1, wrong)).toThrow(refused);
    expect(() => matcher.importMemories(1, wrong)).toThrow(UcbError);
    expect(exportsOf(matcher)).toEqual(before);
  });

  it("of values of the wrong kind are refused", () => {
    const matcher = matcherOf(both);
    const wrong = expect.objectContaining({ code: "ERR_UCB_ARGUMENT" });
    expect(() => matcher.importMemories(-1, new Uint8Array())).toThrow(wrong);
    expect(() => matcher.importMemories(1, "bytes" as unknown as Uint8Array)).toThrow(wrong);
    expect(() => matcher.remembered(0.5)).toThrow(wrong);
    matcher.close();
    expect(() => matcher.exportMemories(() => undefined)).toThrow(expect.objectContaining({ code: "ERR_UCB_CLOSED" }));
  });
});

describe("remembered", () => {
  it("tells which terms have happened, in the order of the text", () => {
    const matcher = matcherOf("x-job-self", "(a-job-self || b-job-self) && c-job-self && d-job-parent", both);
    matcher.attach({ id: 2, pid: 1 });
    for (const event of ["b-job-2", "d-job-1"]) matcher.match(event);
    expect(matcher.remembered(2)).toEqual([
      { callback: 1, satisfied: [1, 3] },
      { callback: 2, satisfied: [1] },
    ]);
    expect(matcher.remembered(1)).toEqual([]);
    expect(matcher.remembered(Number.MAX_SAFE_INTEGER)).toEqual([]);
  });
});
