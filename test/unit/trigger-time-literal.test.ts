import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { parseEvent } from "../../lib/trigger/event.js";
import { Matcher } from "../../lib/trigger/matcher.js";
import { parseTrigger } from "../../lib/trigger/parse.js";
import { parseTimeLiteral, qubeEpoch } from "../../lib/trigger/time-literal.js";
import { timeTermsOf } from "../../lib/trigger/time-terms.js";

const usualZone = process.env.TZ;
afterEach(() => {
  if (usualZone === undefined) delete process.env.TZ;
  else process.env.TZ = usualZone;
});

const christmas = Date.UTC(2026, 11, 24, 18) / 1000 - qubeEpoch;

it.each([
  ["2026-12-24T18:00:00Z", christmas],
  ["2026-12-24T18:00Z", christmas],
  ["2026-12-24t18:00:00z", christmas],
  ["2026-12-24T19:30:00+01:30", christmas],
  ["2026-12-24T13:00:00-0500", christmas],
  ["2000-01-01T05:00:00Z", 0],
])("%s is %i", (text, time) => {
  expect(parseTimeLiteral(text)).toEqual({ time, interval: undefined });
});

it("without a zone is meant where this process is", () => {
  process.env.TZ = "America/New_York";
  expect(parseTimeLiteral("2026-12-24T13:00:00")?.time).toBe(christmas);
  expect(parseTimeLiteral("2026-07-24T14:00")?.time).toBe(Date.UTC(2026, 6, 24, 18) / 1000 - qubeEpoch);
  process.env.TZ = "UTC";
  expect(parseTimeLiteral("2026-12-24T18:00:00")?.time).toBe(christmas);
});

it("is what a date says", () => {
  const date = fc.date({ min: new Date("2000-01-02"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true });
  fc.assert(
    fc.property(date, (each) => {
      const text = each.toISOString().replace(/\.\d+/, "");
      expect(parseTimeLiteral(text)?.time).toBe(Math.floor(each.getTime() / 1000) - qubeEpoch);
    }),
  );
});

it.each([
  "2026-02-30T00:00Z",
  "2026-13-01T00:00Z",
  "2026-12-24T24:00Z",
  "2026-12-24T18:60Z",
  "2026-12-24T18:00+24:00",
  "1999-12-31T00:00Z",
])("%s is no time", (text) => {
  expect(parseTimeLiteral(text)).toEqual({ time: null, interval: undefined });
});

it.each([
  "500",
  "2026-12-24",
  "2026-12-24 18:00",
  "2026-12-24T18:00:00.5Z",
  "2026-12-24T18",
  "T18:00",
  "2026-12-24T18:00Z-",
  "",
])("%j is of another form", (text) => {
  expect(parseTimeLiteral(text)).toBeUndefined();
});

describe("in a trigger", () => {
  it.each([
    ['dummy-time-self-"2026-12-24T18:00:00Z"', `${christmas}`, null],
    ["dummy-time-self-2026-12-24T18:00:00Z", `${christmas}`, null],
    ['globaltime-"2026-12-24T18:00Z"', `${christmas}`, null],
    ['dummy-repeat-self-"2026-12-24T18:00:00Z"-3600', `${christmas}-3600`, 3600],
    ["globalrepeat-2026-12-24T13:00:00-05:00-86400", `${christmas}-86400`, 86_400],
    [`dummy-time-self-${christmas}`, `${christmas}`, null],
  ])("%s waits for its Qube time", (text, extra, interval) => {
    const { trigger, issues } = parseTrigger(text);
    expect(issues).toEqual([]);
    if (trigger === null) throw new Error("there is no trigger");
    expect(timeTermsOf(trigger)).toMatchObject([{ at: christmas, interval, extra, jobId: null }]);
    const matcher = new Matcher();
    matcher.load([{ callback: 1, key: "a", trigger }]);
    const [type = ""] = trigger.terms[0]?.types ?? [];
    const event = type.startsWith("global") ? `${type}-${extra}` : `dummy-${type}-7-${extra}`;
    expect(matcher.match(parseEvent(event))).toEqual([{ callback: 1, jobId: type.startsWith("global") ? 0 : 7 }]);
    matcher.close();
  });

  it.each([
    ["dummy-time-self-2026-02-30T00:00Z", "is no time of day"],
    ["globaltime-2026-12-24", "is no time"],
    ['dummy-repeat-self-"2026-12-24T18:00:00Z"', "the interval is missing"],
    ['dummy-repeat-self-"2026-12-24T18:00:00Z"-0', '"0" is no interval'],
    ['dummy-time-self-"2026-12-24T18:00:00Z"-60', "is no time"],
  ])("%s is a mistake", (text, message) => {
    const { trigger, issues } = parseTrigger(text);
    expect(trigger).toBeNull();
    expect(issues).toMatchObject([{ code: "ERR_UCB_TRIGGER_TIME" }]);
    expect(issues[0]?.message).toContain(message);
  });

  it("is offered where a repeat lacks its interval", () => {
    const { issues } = parseTrigger("dummy-repeat-self-2026-12-24T18:00");
    expect(issues).toMatchObject([
      { code: "ERR_UCB_TRIGGER_TIME", hint: expect.stringContaining("2026-12-24T18:00:00Z") },
    ]);
  });

  it("leaves the extras of other types alone", () => {
    const { trigger } = parseTrigger('complete-work-self-"2026-12-24T18:00:00Z"');
    expect(trigger?.terms[0]?.extra).toEqual(["2026-12-24T18:00:00Z"]);
  });
});
