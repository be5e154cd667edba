import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UcbError } from "../../lib/errors.js";
import { Matcher } from "../../lib/trigger/matcher.js";
import { parseTriggerOrThrow } from "../../lib/trigger/parse.js";
import { smallEvent, smallJob } from "../support/event-arbitrary.js";
import { printTrigger } from "../support/print-trigger.js";
import { triggerModel } from "../support/trigger-arbitrary.js";
import { smallWorld } from "../support/trigger-worlds.js";

function matcherOf(...triggers: string[]): Matcher {
  const matcher = new Matcher();
  matcher.load(
    triggers.map((text, callback) => ({ callback, key: `${callback}`, trigger: parseTriggerOrThrow(text) })),
  );
  return matcher;
}

interface Heard {
  events: number;
  all: unknown[][];
}

/** All that a batch tells, in order. */
function heard(matcher: Matcher, bytes: Uint8Array): Heard {
  const all: unknown[][] = [];
  const text = (start: number, end: number) => new TextDecoder().decode(bytes.subarray(start, end));
  const events = matcher.matchBatch(
    bytes,
    (callback, jobId, start, end) => all.push([callback, jobId, text(start, end)]),
    (start, end) => all.push(["malformed", text(start, end)]),
    (change, jobId) => all.push([change, jobId]),
  );
  return { events, all };
}

/** The same, from a string and one event at a time. */
function heardOneByOne(matcher: Matcher, bytes: Uint8Array): Heard {
  const all: unknown[][] = [];
  let events = 0;
  for (const line of new TextDecoder().decode(bytes).split("\n")) {
    const event = line.endsWith("\r") ? line.slice(0, -1) : line;
    if (event === "") continue;
    const [change, jobId] = /^(submit|removed)-job-0*([1-9][0-9]*)(?:-.*)?$/s.exec(event)?.slice(1) ?? [];
    const before = all.length;
    try {
      if (change === "submit") all.push([change, Number(jobId)]);
      matcher.matchEach(event, (callback, owner) => all.push([callback, owner, event]));
      if (change === "removed") all.push([change, Number(jobId)]);
      events++;
    } catch (error) {
      if (!(error instanceof UcbError)) throw error;
      all.length = before;
      all.push(["malformed", event]);
    }
  }
  return { events, all };
}

const encode = (text: string) => new TextEncoder().encode(text);

describe("batches", () => {
  it("tell in order what each line does", () => {
    const matcher = matcherOf("a-job-self", "*-job-parent", "removed-job-self");
    matcher.attach({ id: 2, pid: 1 });
    const text = "a-job-1\r\n\nsubmit-job-9\nnonsense\nremoved-job-9\nb-job-3";
    expect(heard(matcher, encode(text))).toEqual({
      events: 4,
      all: [
        [0, 1, "a-job-1"],
        [1, 2, "a-job-1"],
        ["submit", 9],
        ["malformed", "nonsense"],
        [2, 9, "removed-job-9"],
        ["removed", 9],
      ],
    });
    expect(matcher.stats.attachedJobs).toBe(1);
  });

  it("answer as one event at a time does", () => {
    const trigger = triggerModel(smallWorld, 2).map((model) => parseTriggerOrThrow(printTrigger(model)));
    const line = fc.oneof(
      { weight: 8, arbitrary: smallEvent.map((event) => Buffer.from(event)) },
      { weight: 2, arbitrary: smallEvent.map((event) => Buffer.concat([Buffer.from(event), Buffer.from("\r")])) },
      fc.constantFrom("", "\r", "complete-job-", "submit-job-3-x", "é-job-1").map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.concat([Buffer.from("own-work-1-"), bytes])),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    );
    let told = 0;
    fc.assert(
      fc.property(
        fc.array(trigger, { minLength: 1, maxLength: 8 }),
        fc.array(smallJob, { maxLength: 4 }),
        fc.array(line, { maxLength: 120, size: "max" }),
        fc.boolean(),
        (triggers, jobs, lines, ends) => {
          const newline = Buffer.from("\n");
          const bytes = Buffer.concat(lines.flatMap((each, index) => (index > 0 || ends ? [newline, each] : [each])));
          const [one, other] = [new Matcher(), new Matcher()];
          for (const matcher of [one, other]) {
            matcher.load(triggers.map((each, callback) => ({ callback, key: `${callback}`, trigger: each })));
            for (const job of jobs) matcher.attach(job);
          }
          const expected = heardOneByOne(one, bytes);
          // Exactly as large as what is in it, so that nothing can be read behind it.
          expect(heard(other, new Uint8Array(bytes))).toEqual(expected);
          expect(other.stats.memories).toBe(one.stats.memories);
          expect(other.stats.attachedJobs).toBe(one.stats.attachedJobs);
          told += expected.all.length;
        },
      ),
      { numRuns: 300 },
    );
    expect(told).toBeGreaterThan(3000);
  });

  it("of thousands of firings come in pieces, and each is told once", () => {
    const matcher = matcherOf("a-job-self", "b-job-parent");
    for (let id = 1; id <= 3000; id++) matcher.attach({ id: id + 10_000, pid: 7 });
    const lines = Array.from({ length: 5000 }, (_, index) => (index === 2500 ? "b-job-7" : `a-job-${index + 1}`));
    const seen: number[] = [];
    expect(matcher.matchBatch(encode(lines.join("\n")), (_, jobId) => seen.push(jobId))).toBe(5000);
    const children = Array.from({ length: 3000 }, (_, index) => index + 10_001);
    const own = Array.from({ length: 5000 }, (_, index) => index + 1);
    expect(seen).toEqual([...own.slice(0, 2500), ...children, ...own.slice(2501)]);
  });

  it("are not disturbed by visitors that use the matcher, for another batch, too", () => {
    const matcher = matcherOf("a-job-self", "b-job-self");
    const lines = Array.from({ length: 1500 }, (_, index) => `a-job-${index + 1}`);
    const inner = encode("b-job-1\nb-job-2\nb-job-3");
    const seen: number[] = [];
    let deep = 0;
    matcher.matchBatch(encode(lines.join("\n")), (callback, jobId) => {
      expect(callback).toBe(0);
      seen.push(jobId);
      matcher.matchBatch(inner, (other, job) => {
        expect([other, job]).toEqual([1, (deep++ % 3) + 1]);
        expect(matcher.match("a-job-5")).toEqual([{ callback: 0, jobId: 5 }]);
      });
    });
    expect(seen).toEqual(lines.map((_, index) => index + 1));
    expect(deep).toBe(4500);
  });

  it("end where a visitor throws, and the next one is whole", () => {
    const matcher = matcherOf("a-job-self");
    const bytes = encode("a-job-1\na-job-2");
    expect(() =>
      matcher.matchBatch(bytes, () => {
        throw new Error("enough");
      }),
    ).toThrow("enough");
    expect(heard(matcher, bytes).events).toBe(2);
  });

  it("without anything in them, or with a mark of their encoding", () => {
    const matcher = matcherOf("a-job-self");
    for (const text of ["", "\n\n", "\r\n", "\ufeff"])
      expect(heard(matcher, encode(text))).toEqual({ events: 0, all: [] });
    expect(heard(matcher, encode("\ufeffa-job-1"))).toEqual({ events: 1, all: [[0, 1, "a-job-1"]] });
  });

  it("of anything but bytes are refused, also by a matcher that was closed", () => {
    const matcher = matcherOf("a-job-self");
    const wrong = expect.objectContaining({ code: "ERR_UCB_ARGUMENT" });
    expect(() => matcher.matchBatch("a-job-1" as unknown as Uint8Array, () => undefined)).toThrow(wrong);
    expect(() => matcher.matchBatch(encode("a-job-1"), null as unknown as () => void)).toThrow(wrong);
    const bytes = encode(Array.from({ length: 2000 }, () => "a-job-1").join("\n"));
    const closed = expect.objectContaining({ code: "ERR_UCB_CLOSED" });
    expect(() => matcher.matchBatch(bytes, () => matcher.close())).toThrow(closed);
  });
});
