import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EventFields, formatEvent, parseEvent } from "../../lib/trigger/event.js";
import { globalTypes, jobTypes } from "../../lib/trigger/vocabulary.js";

const jobEvent: fc.Arbitrary<EventFields> = fc.record({
  name: fc
    .string({ unit: "binary", minLength: 1 })
    .map((name) => name.replaceAll("-", "_"))
    .filter((name) => name !== "globaltime" && name !== "globalrepeat"),
  type: fc.constantFrom(...jobTypes),
  jobId: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  extra: fc.string({ unit: "binary" }),
});
const globalEvent: fc.Arbitrary<EventFields> = fc.record({
  name: fc.constant(""),
  type: fc.constantFrom(...globalTypes),
  jobId: fc.constant(0),
  extra: fc.string({ unit: "binary", minLength: 1 }),
});

describe("events", () => {
  it.each<[string, EventFields]>([
    ["complete-job-1001", { name: "complete", type: "job", jobId: 1001, extra: "" }],
    ["complete-work-1001-17", { name: "complete", type: "work", jobId: 1001, extra: "17" }],
    ["x-work-1-1-10 a:b && *", { name: "x", type: "work", jobId: 1, extra: "1-10 a:b && *" }],
    ["x-work-0012-", { name: "x", type: "work", jobId: 12, extra: "" }],
    [" x -host-9007199254740991-a", { name: " x ", type: "host", jobId: Number.MAX_SAFE_INTEGER, extra: "a" }],
    ["dummy-repeat-7-3600-60", { name: "dummy", type: "repeat", jobId: 7, extra: "3600-60" }],
    ["globaltime-3600", { name: "", type: "globaltime", jobId: 0, extra: "3600" }],
    ["globalrepeat-3600-60", { name: "", type: "globalrepeat", jobId: 0, extra: "3600-60" }],
  ])("%s", (text, fields) => {
    expect(parseEvent(text)).toEqual(fields);
  });

  it.each([
    ["", "the type and the job id are missing"],
    ["complete", "the type and the job id are missing"],
    ["-job-1", "the name is empty"],
    ["complete-job", "the job id is missing"],
    ["complete-frame-1", '"frame" is no event type'],
    ["complete-globaltime-1", "a globaltime event has no name and no job"],
    ["complete-job-", '"" is no job id'],
    ["complete-job-0", '"0" is no job id'],
    ["complete-job-self", '"self" is no job id'],
    ["complete-job- 1", '" 1" is no job id'],
    ["complete-job-1e3", '"1e3" is no job id'],
    ["complete-job-9007199254740992", '"9007199254740992" is no job id'],
    ["globaltime", "a globaltime event needs its time"],
    ["globalrepeat-", "a globalrepeat event needs its time"],
  ])("refuses %j: %s", (text, reason) => {
    expect(() => parseEvent(text)).toThrow(expect.objectContaining({ code: "ERR_UCB_EVENT" }));
    expect(() => parseEvent(text)).toThrow(reason);
  });

  it.each<[Partial<EventFields>, string]>([
    [{ name: "" }, "the name is empty"],
    [{ name: "a-b" }, 'the name "a-b" holds a dash'],
    [{ name: "globaltime" }, "globaltime is a type without a name"],
    [{ type: "frame" as "work" }, "it is no event type"],
    [{ jobId: 0 }, '"0" is no job id'],
    [{ jobId: 1.5 }, '"1.5" is no job id'],
    [{ jobId: Number.NaN }, '"NaN" is no job id'],
    [{ jobId: 2 ** 53 }, '"9007199254740992" is no job id'],
    [{ type: "globaltime", extra: "5" }, "a globaltime event has no name and no job"],
    [{ type: "globaltime", name: "", extra: "5" }, "a globaltime event has no name and no job"],
    [{ type: "globalrepeat", name: "", jobId: 0 }, "a globalrepeat event needs its time"],
  ])("does not write %j: %s", (wrong, reason) => {
    const event: EventFields = { name: "complete", type: "job", jobId: 1, extra: "", ...wrong };
    expect(() => formatEvent(event)).toThrow(expect.objectContaining({ code: "ERR_UCB_EVENT" }));
    expect(() => formatEvent(event)).toThrow(reason);
  });

  it.each([
    ["complete-jbo-1", 'did you mean "job"?'],
    ["complete-Work-1-5", 'did you mean "work"?'],
    ["globltime-5-1", 'did you mean "globaltime"?'],
    ["job-complete-1", 'the name comes first: did you mean "complete-job"?'],
    ["complete-1001", 'the type is missing: did you mean "complete-job-1001"?'],
    ["complete-job-self", /^an event happens to one job, whose id it names/],
    ["complete-work-*-5", /^an event happens to one job, whose id it names/],
    ["complete-frame-1", /^an event is written name-type-jobid/],
    ["complete-job-1e3", /^an event is written name-type-jobid/],
  ])("%s is answered with what was meant", (text, hint) => {
    expect(() => parseEvent(text)).toThrow(expect.objectContaining({ hint: expect.stringMatching(hint) }));
  });

  it("are read as they were written", () => {
    fc.assert(
      fc.property(fc.oneof(jobEvent, globalEvent), (event) => {
        expect(parseEvent(formatEvent(event))).toEqual(event);
      }),
    );
  });

  it("are refused or understood, whatever the text", () => {
    const parts = fc.constantFrom(
      "complete",
      "job",
      "work",
      "globaltime",
      "-",
      "-",
      "1",
      "0",
      "9".repeat(20),
      " ",
      "é",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(parts).map((all) => all.join("")),
        ),
        (text) => {
          let event: EventFields;
          try {
            event = parseEvent(text);
          } catch (error) {
            expect(error).toMatchObject({ code: "ERR_UCB_EVENT" });
            return;
          }
          expect(parseEvent(formatEvent(event))).toEqual(event);
        },
      ),
    );
  });
});
