import { describe, expect, it } from "vitest";
import { Matcher } from "../../lib/trigger/matcher.js";
import { parseTriggerOrThrow } from "../../lib/trigger/parse.js";

/** A matcher with one callback, numbered from 0, for each trigger. */
function matcherOf(...triggers: string[]): Matcher {
  const matcher = new Matcher();
  matcher.load(
    triggers.map((text, callback) => ({ callback, key: `0/${callback}.py`, trigger: parseTriggerOrThrow(text) })),
  );
  return matcher;
}

/** The owners for which callback 0 fires. */
function ownersOf(matcher: Matcher, event: string): number[] {
  return matcher.match(event).map(({ callback, jobId }) => {
    expect(callback).toBe(0);
    return jobId;
  });
}

describe("contexts", () => {
  it.each(["complete-job-self", "complete-job-*"])("%s fires for the event's own job, attached or not", (text) => {
    const matcher = matcherOf(text);
    expect(ownersOf(matcher, "complete-job-7")).toEqual([7]);
    matcher.attach({ id: 7 });
    expect(ownersOf(matcher, "complete-job-7")).toEqual([7]);
    expect(ownersOf(matcher, "failed-job-7")).toEqual([]);
    expect(ownersOf(matcher, "complete-work-7-1")).toEqual([]);
  });

  it("a job id fires for that job only, attached or not", () => {
    const matcher = matcherOf("running-job-19294");
    expect(ownersOf(matcher, "running-job-19294")).toEqual([19294]);
    expect(ownersOf(matcher, "running-job-1929")).toEqual([]);
  });

  it("parent fires for every attached child, in order", () => {
    const matcher = matcherOf("complete-job-parent");
    matcher.attach({ id: 30, pid: 1 });
    matcher.attach({ id: 20, pid: 1 });
    matcher.attach({ id: 40, pid: 2 });
    matcher.attach({ id: 50 });
    expect(ownersOf(matcher, "complete-job-1")).toEqual([20, 30]);
    matcher.attach({ id: 30, pid: 2 });
    matcher.detach(20);
    expect(ownersOf(matcher, "complete-job-1")).toEqual([]);
    expect(ownersOf(matcher, "complete-job-2")).toEqual([30, 40]);
    expect(ownersOf(matcher, "complete-job-50")).toEqual([]);
  });

  it("a job that is its own parent owns its own events", () => {
    const matcher = matcherOf("complete-job-parent");
    matcher.attach({ id: 3, pid: 3 });
    expect(ownersOf(matcher, "complete-job-3")).toEqual([3]);
  });

  it("a label fires for the other jobs of the process group", () => {
    const matcher = matcherOf("complete-job-render");
    matcher.attach({ id: 1, pgrp: 9, label: "render" });
    matcher.attach({ id: 2, pgrp: 9, label: "comp" });
    matcher.attach({ id: 3, pgrp: 9, label: "render" });
    matcher.attach({ id: 9, label: "head" });
    matcher.attach({ id: 4, pgrp: 8, label: "comp" });
    expect(ownersOf(matcher, "complete-job-1")).toEqual([2, 3, 9]);
    expect(ownersOf(matcher, "complete-job-2")).toEqual([]);
    matcher.detach(1);
    expect(ownersOf(matcher, "complete-job-1")).toEqual([]);
  });

  it("a label pattern needs a label", () => {
    const matcher = matcherOf("complete-job-''*");
    matcher.attach({ id: 1, pgrp: 9 });
    matcher.attach({ id: 2, pgrp: 9, label: "x" });
    expect(ownersOf(matcher, "complete-job-1")).toEqual([]);
    expect(ownersOf(matcher, "complete-job-2")).toEqual([1]);
  });

  it("global events are owned by none", () => {
    const matcher = matcherOf("globaltime-3600 || globalrepeat-*-60");
    expect(ownersOf(matcher, "globaltime-3600")).toEqual([0]);
    expect(ownersOf(matcher, "globalrepeat-5-60")).toEqual([0]);
    expect(ownersOf(matcher, "globaltime-3601")).toEqual([]);
    expect(ownersOf(matcher, "dummy-time-3600-3600")).toEqual([]);
  });
});

describe("occurrences", () => {
  it("derive done from complete, killed and failed, and nothing from done", () => {
    const matcher = matcherOf("done-work-self-*");
    for (const name of ["complete", "killed", "failed", "done"]) {
      expect(ownersOf(matcher, `${name}-work-1-5`)).toEqual([1]);
    }
    expect(ownersOf(matcher, "blocked-work-1-5")).toEqual([]);
    expect(ownersOf(matcherOf("complete-job-self"), "done-job-1")).toEqual([]);
    expect(ownersOf(matcherOf("d*-job-self"), "failed-job-1")).toEqual([1]);
  });

  it("fire a callback once, whatever of it fits", () => {
    const matcher = new Matcher();
    const triggers = ["*-job-self", "done-job-self || complete-job-self", "complete-job-self && done-job-self"];
    matcher.load(triggers.map((text) => ({ callback: 5, key: "a", trigger: parseTriggerOrThrow(text) })));
    expect(matcher.match("complete-job-1")).toEqual([{ callback: 5, jobId: 1 }]);
  });

  it("come by callback and then by job", () => {
    const matcher = matcherOf("complete-job-parent", "complete-job-self", "*-job-*");
    matcher.attach({ id: 10, pid: 5 });
    matcher.attach({ id: 2, pid: 5 });
    expect(matcher.match("complete-job-5").map(({ callback, jobId }) => [callback, jobId])).toEqual([
      [0, 2],
      [0, 10],
      [1, 5],
      [2, 5],
    ]);
  });

  it("match extras literally, patterns aside", () => {
    const matcher = matcherOf("a-work-self-frame_*_beauty || a-work-self-'*' || a-subjob-self-1-10 || a-*-self");
    expect(ownersOf(matcher, "a-work-1-frame_0001_beauty")).toEqual([1]);
    expect(ownersOf(matcher, "a-work-1-frame__beauty")).toEqual([1]);
    expect(ownersOf(matcher, "a-work-1-frame_beauty")).toEqual([]);
    expect(ownersOf(matcher, "a-work-1-*")).toEqual([1]);
    expect(ownersOf(matcher, "a-work-1-x")).toEqual([]);
    expect(ownersOf(matcher, "a-subjob-1-1-10")).toEqual([1]);
    expect(ownersOf(matcher, "a-work-1-")).toEqual([1]);
    expect(ownersOf(matcher, "a-host-1")).toEqual([1]);
  });
});

describe("memory", () => {
  it("waits for all of &&, for each owner apart, and forgets when it has fired", () => {
    const matcher = matcherOf("complete-job-self && complete-job-parent");
    matcher.attach({ id: 1 });
    matcher.attach({ id: 2, pid: 1 });
    matcher.attach({ id: 3, pid: 1 });
    expect(ownersOf(matcher, "complete-job-2")).toEqual([]);
    expect(ownersOf(matcher, "complete-job-1")).toEqual([2]);
    expect(ownersOf(matcher, "complete-job-3")).toEqual([3]);
    expect(ownersOf(matcher, "complete-job-3")).toEqual([]);
    expect(ownersOf(matcher, "complete-job-1")).toEqual([3]);
  });

  it("keeps also what happened in branches that are not true yet", () => {
    const matcher = matcherOf("(a-job-self && b-job-self) || (c-job-self && d-job-self)");
    expect(ownersOf(matcher, "a-job-1")).toEqual([]);
    expect(ownersOf(matcher, "c-job-1")).toEqual([]);
    expect(ownersOf(matcher, "d-job-1")).toEqual([1]);
    expect(ownersOf(matcher, "b-job-1")).toEqual([]);
    expect(ownersOf(matcher, "a-job-1")).toEqual([1]);
  });

  it("ends with the removal of the job, after it was matched", () => {
    const matcher = matcherOf("a-job-self && b-job-self", "a-job-self && removed-job-self");
    matcher.match("submit-job-1");
    matcher.match("a-job-1");
    expect(matcher.stats).toMatchObject({ rules: 2, terms: 4, attachedJobs: 1, memories: 2 });
    expect(matcher.match("removed-job-1")).toEqual([{ callback: 1, jobId: 1 }]);
    expect(matcher.stats).toMatchObject({ attachedJobs: 0, memories: 0 });
    expect(matcher.match("b-job-1")).toEqual([]);
  });

  it("outlives an update of the job, and a reload that keeps callback and trigger", () => {
    const [one, two, three] = ["a-job-self && b-job-self", "c-job-self && d-job-self", "x-job-self"].map(
      parseTriggerOrThrow,
    );
    if (!one || !two || !three) throw new Error("unreachable");
    const matcher = new Matcher();
    matcher.load([
      { callback: 0, key: "a", trigger: one },
      { callback: 1, key: "b", trigger: two },
    ]);
    for (const event of ["a-job-1", "c-job-1"]) matcher.match(event);
    matcher.attach({ id: 1, label: "new" });
    expect(matcher.stats.memories).toBe(2);
    matcher.load([
      { callback: 0, key: "c", trigger: three },
      { callback: 1, key: "changed", trigger: two },
      { callback: 7, key: "a", trigger: one },
    ]);
    expect(matcher.stats.memories).toBe(1);
    expect(matcher.match("d-job-1")).toEqual([]);
    expect(matcher.match("b-job-1")).toEqual([{ callback: 7, jobId: 1 }]);
  });

  it("belongs to each callback apart, also under one key", () => {
    const matcher = new Matcher();
    const trigger = parseTriggerOrThrow("a-job-self && b-job-self");
    matcher.load([
      { callback: 0, key: "same", trigger },
      { callback: 1, key: "same", trigger },
      { callback: 0, key: "same", trigger },
    ]);
    expect(matcher.stats.rules).toBe(2);
    matcher.match("a-job-1");
    expect(matcher.match("b-job-1")).toEqual([
      { callback: 0, jobId: 1 },
      { callback: 1, jobId: 1 },
    ]);
    expect(matcher.match("b-job-1")).toEqual([]);
  });
});

describe("answers", () => {
  it("hold thousands of pairs, the largest numbers among them", () => {
    const matcher = matcherOf("a-job-parent", "a-job-self");
    const children = Array.from({ length: 3000 }, (_, index) => Number.MAX_SAFE_INTEGER - 3000 + index);
    for (const id of children) matcher.attach({ id, pid: 2 ** 40 });
    const matches = matcher.match(`a-job-${2 ** 40}`);
    expect(matches).toHaveLength(3001);
    expect(matches.slice(0, 3000).map(({ jobId }) => jobId)).toEqual(children);
    expect(matches[3000]).toEqual({ callback: 1, jobId: 2 ** 40 });
  });

  it("are not disturbed by a visitor that matches, attaches and loads", () => {
    const matcher = matcherOf("a-job-parent", "b-job-self");
    for (let id = 2; id < 1000; id += 1) matcher.attach({ id, pid: 1 });
    const seen: number[] = [];
    const count = matcher.matchEach("a-job-1", (_, jobId) => {
      seen.push(jobId);
      expect(matcher.match(`b-job-${jobId}`)).toEqual([{ callback: 1, jobId }]);
      matcher.attach({ id: jobId + 5000, pid: 1 });
    });
    expect(count).toBe(998);
    expect(seen).toEqual(Array.from({ length: 998 }, (_, index) => index + 2));
  });

  it("are the same for fields as for text", () => {
    const matcher = matcherOf("complete-work-self-7");
    const event = { name: "complete", type: "work", jobId: 1, extra: "7" } as const;
    expect(matcher.match(event)).toEqual([{ callback: 0, jobId: 1 }]);
    expect(matcher.matchEach({ ...event, extra: "8" }, () => undefined)).toBe(0);
  });
});

describe("text of every kind", () => {
  it.each(["a\0-work-1-x", "a-work\0-1-x", "a-work-1-x\0", "a-work\0\0\0\0-1-x"])(
    "%j is not what is without a NUL",
    (text) => {
      const matcher = matcherOf("a-work-self-x");
      const fired: number[] = [];
      try {
        matcher.matchEach(text, (callback) => fired.push(callback));
      } catch (error) {
        expect(error).toMatchObject({ code: "ERR_UCB_EVENT" });
      }
      matcher.matchBatch(Buffer.from(`${text}\n`), (callback) => fired.push(callback));
      expect(fired).toEqual([]);
    },
  );

  it.each([
    ["NUL", "a\0b"],
    ["half a surrogate pair", "\ud83d"],
    ["letters of two, three and four bytes", "é€😀"],
    ["what is cut by a short buffer", "é".repeat(300)],
    ["a megabyte", "x".repeat(1_000_000)],
  ])("%s", (_, extra) => {
    const matcher = matcherOf(`a-work-self-'${extra}'`, `a-work-self-*'${extra}'`);
    expect(matcher.match(`a-work-1-${extra}`)).toHaveLength(2);
    expect(matcher.match(`a-work-1--${extra}`)).toHaveLength(1);
    expect(matcher.match(`a-work-1-${extra}-`)).toHaveLength(0);
  });

  it("takes any half of a surrogate pair for U+FFFD, and never for part of a letter", () => {
    const matcher = matcherOf("a-work-self-'\ud83d'", "a-work-self-\ud83d*", "a-work-self-*\ude00");
    expect(matcher.match("a-work-1-\ude00")).toHaveLength(3);
    expect(matcher.match("a-work-1-\ufffd")).toHaveLength(3);
    expect(matcher.match("a-work-1-\ud83d\ude00")).toHaveLength(0);
  });

  it("tells a letter from its first byte and from its lowest", () => {
    const matcher = matcherOf("a-work-self-š", "a-work-self-*\u0161*");
    expect(matcher.match("a-work-1-a")).toHaveLength(0);
    expect(matcher.match("a-work-1-\xc5")).toHaveLength(0);
    expect(matcher.match("a-work-1-š")).toHaveLength(2);
  });
});

describe("misuse", () => {
  it.each([
    "",
    "complete",
    "complete-job",
    "complete-job-0",
    "complete-frame-1",
    "x-globaltime-5",
    "-job-1",
    "globaltime",
  ])("the malformed event %j", (event) => {
    expect(() => matcherOf("a-job-self").match(event)).toThrow(expect.objectContaining({ code: "ERR_UCB_EVENT" }));
  });

  it("malformed fields", () => {
    const matcher = matcherOf("a-job-self");
    expect(() => matcher.match({ name: "a-b", type: "job", jobId: 1, extra: "" })).toThrow("holds a dash");
    expect(() => matcher.match({ name: "a", type: "job", jobId: -1, extra: "" })).toThrow("is no job id");
  });

  it.each([
    [{ id: 0 }, "job id 0"],
    [{ id: 1.5 }, "job id 1.5"],
    [{ id: 2 ** 53 }, "job id 9007199254740992"],
    [{ id: 1, pid: -1 }, "parent job id -1"],
    [{ id: 1, pgrp: Number.NaN }, "process group NaN"],
    [{ id: 1, label: 5 as unknown as string }, "the label of job 1"],
  ])("the job %j", (job, message) => {
    const error = expect.objectContaining({ code: "ERR_UCB_ARGUMENT", message: expect.stringContaining(message) });
    expect(() => new Matcher().attach(job)).toThrow(error);
  });

  it.each([-1, 0.5, 2 ** 30, Number.NaN])("the callback number %d", (callback) => {
    const trigger = parseTriggerOrThrow("a-job-self");
    expect(() => new Matcher().load([{ callback, key: "", trigger }])).toThrow(
      expect.objectContaining({ code: "ERR_UCB_ARGUMENT" }),
    );
  });

  it("any use after closing", () => {
    const matcher = matcherOf("a-job-self");
    matcher.close();
    matcher.close();
    for (const use of [
      () => matcher.load([]),
      () => matcher.attach({ id: 1 }),
      () => matcher.detach(1),
      () => matcher.match("a-job-1"),
      () => matcher.stats,
    ]) {
      expect(use).toThrow(expect.objectContaining({ code: "ERR_UCB_CLOSED" }));
    }
  });
});
