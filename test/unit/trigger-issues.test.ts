import { describe, expect, it } from "vitest";
import { UcbError } from "../../lib/errors.js";
import { parseTrigger, parseTriggerOrThrow } from "../../lib/trigger/parse.js";

/** Code without its prefix, and what the caret would underline with its column. */
function issuesOf(text: string): string[] {
  return parseTrigger(text).issues.map(({ severity, code, span }) => {
    const prefix = severity === "error" ? "ERR_UCB_TRIGGER_" : "WARN_UCB_TRIGGER_";
    expect(code.startsWith(prefix)).toBe(true);
    return `${severity} ${code.slice(prefix.length)} ${span.start + 1}:${text.slice(span.start, span.end)}`;
  });
}

function hintOf(text: string): string {
  return parseTrigger(text).issues[0]?.hint ?? "";
}

describe("errors, each at its column", () => {
  it.each<[string, string[]]>([
    ["", ["error EMPTY 1:"]],
    [" \t ", ["error EMPTY 1: \t "]],
    // Fields
    ["complete", ["error TYPE 9:"]],
    ["complete-", ["error TYPE 10:"]],
    ["complete--self", ["error TYPE 10:"]],
    ["complete-wrok-self-1", ["error TYPE 10:wrok"]],
    ["complete-'*'-self-1", ["error TYPE 10:'*'"]],
    ["complete-x*-self-1", ["error TYPE 10:x*"]],
    ["complete-global*-self-1", ["error TYPE 10:global*"]],
    ["complete-globaltime-5", ["error TYPE 10:globaltime"]],
    ["*-globalrepeat-5-6", ["error TYPE 3:globalrepeat"]],
    ["Globaltime-5", ["error TYPE 12:5"]],
    ["complete - job - self", ["warning NAME 1:complete ", "error TYPE 11: job "]],
    ["-job-self", ["error NAME 1:"]],
    ["''-job-self", ["error NAME 1:''"]],
    ["'a-b'-job-self", ["error NAME 1:'a-b'"]],
    ["complete-job", ["error CONTEXT 13:"]],
    ["complete-job-", ["error CONTEXT 14:"]],
    ["complete-job-''", ["error CONTEXT 14:''"]],
    ["complete-work--5", ["error CONTEXT 15:"]],
    ["complete-*", ["error CONTEXT 11:"]],
    ["complete-job-0", ["error CONTEXT 14:0"]],
    ["complete-work-9007199254740992-1", ["error CONTEXT 15:9007199254740992"]],
    ["complete-job-0-x", ["error CONTEXT 14:0", "warning JOB_EXTRA 16:x"]],
    ["complete-work-self", ["error EXTRA_MISSING 19:"]],
    ["complete-subjob-self-", ["error EXTRA_MISSING 22:"]],
    ["complete-host-self-''", ["error EXTRA_MISSING 20:''"]],
    ["globaltime", ["error EXTRA_MISSING 11:"]],
    ["globalrepeat-", ["error EXTRA_MISSING 14:"]],
    ["dummy-time-self-noon", ["error TIME 17:noon"]],
    ["dummy-time-self--5", ["error TIME 17:-5"]],
    ["dummy-time-self-9007199254740992", ["error TIME 17:9007199254740992"]],
    ["globaltime-1.5", ["error TIME 12:1.5"]],
    ["dummy-repeat-self-5", ["error TIME 19:5"]],
    ["dummy-repeat-self-x", ["error TIME 19:x"]],
    ["globalrepeat-5-0", ["error TIME 14:5-0"]],
    ["globalrepeat-x-y", ["error TIME 14:x-y", "error TIME 14:x-y"]],
    // Quotes
    ["complete-work-self-'x", ["error QUOTE 20:'"]],
    [`a-job-self || b-job-"c || d`, ['error QUOTE 21:"']],
    ["complete-work-self-ana's", ["error QUOTE 23:'"]],
    // Operators
    ["a-job-self &&", ["error SYNTAX 12:&&"]],
    ["a-job-self or ", ["error SYNTAX 12:or"]],
    ["&& a-job-self", ["error SYNTAX 1:&&"]],
    ["||", ["error SYNTAX 1:||", "error SYNTAX 1:||"]],
    ["a-job-self && || b-job-self", ["error SYNTAX 12:&&"]],
    ["a-job-self || && || b-job-self", ["error SYNTAX 12:||", "error SYNTAX 15:&&"]],
    ["a-job-self & b-job-self", ["error SYNTAX 12:&"]],
    ["a-job-self ||| b-job-self", ["error SYNTAX 12:|||"]],
    ["a-work-self-R&D", ["error SYNTAX 14:&", "error TYPE 16:"]],
    // Parentheses
    ["(a-job-self", ["error SYNTAX 1:("]],
    ["(a-job-self || (b-job-self)", ["error SYNTAX 1:("]],
    ["a-job-self)", ["error SYNTAX 11:)"]],
    ["a-job-self) && b-jb-self", ["error SYNTAX 11:)", "error TYPE 18:jb"]],
    [")", ["error SYNTAX 1:)"]],
    ["()", ["error SYNTAX 1:()"]],
    ["a-job-self && ( )", ["error SYNTAX 15:( )"]],
    ["(a-job-self || ) && b-job-self", ["error SYNTAX 13:||"]],
    ["(|| a-job-self)", ["error SYNTAX 2:||"]],
    ["a-job-self (b-job-self)", ["error SYNTAX 12:("]],
    ["(a-job-self) b-job-self", ["error SYNTAX 14:b"]],
    ["(a-job-self)(b-job-self)", ["error SYNTAX 13:("]],
    // All of them at once
    [
      "complete-wrok-self-1 & faild-job-self && (running-host || done-job-17",
      [
        "error TYPE 10:wrok",
        "error SYNTAX 22:&",
        "warning NAME 24:faild",
        "error SYNTAX 42:(",
        "error CONTEXT 55:",
        "warning FIXED_JOB 68:17",
      ],
    ],
    ["complte-job-self || comlete-x-self", ["warning NAME 1:complte", "warning NAME 21:comlete", "error TYPE 29:x"]],
  ])("%s", (text, issues) => {
    expect(issuesOf(text)).toEqual(issues);
  });
});

describe("warnings", () => {
  it.each<[string, string[]]>([
    ["failed-job-self-*", ["warning JOB_EXTRA 17:*"]],
    ["failed-job-self-", ["warning JOB_EXTRA 17:"]],
    ["failed-job-*-x", ["warning JOB_EXTRA 14:x"]],
    ["failed-jo*-self-x", ["warning JOB_EXTRA 17:x"]],
    ["failed-job-12-x", ["warning FIXED_JOB 12:12", "warning JOB_EXTRA 15:x"]],
    ["failed-work-12-x", ["warning FIXED_JOB 13:12"]],
    ["faild-job-self", ["warning NAME 1:faild"]],
    ["Complete-job-self", ["warning NAME 1:Complete"]],
    ["complete -job-self", ["warning NAME 1:complete "]],
    ["complete-*-self", ["warning EXTRA_MISSING 10:*"]],
    ["complete-time-self-5", ["warning TIME_NAME 1:complete"]],
    ["a-job-self && b-job-self && a-job-self", ["warning TWICE 29:a-job-self"]],
    ["a-job-self || 'a'-job-*", ["warning TWICE 15:'a'-job-*"]],
    ["a-job-self && globaltime-5", ["warning NEVER 1:a-job-self && globaltime-5"]],
    ["(a-job-self || globaltime-6) && globaltime-5", []],
    [
      "(a-job-self || b-job-parent) && globaltime-5 || c-job-self",
      ["warning NEVER 2:a-job-self || b-job-parent) && globaltime-5"],
    ],
    ["a-job-1 && b-job-2", ["warning NEVER 1:a-job-1 && b-job-2", "warning FIXED_JOB 7:1", "warning FIXED_JOB 18:2"]],
    ["(a-job-1 || b-job-2) && c-job-2", ["warning FIXED_JOB 8:1", "warning FIXED_JOB 19:2", "warning FIXED_JOB 31:2"]],
    ["a-job-self && b-job-2", ["warning FIXED_JOB 21:2"]],
    ["(globaltime-1 && a-job-self) && b-job-self", ["warning NEVER 2:globaltime-1 && a-job-self) && b-job-self"]],
    ["b-job-self && (x-job-x || (globaltime-1 && a-job-self))", ["warning NEVER 28:globaltime-1 && a-job-self"]],
    ...["slef", "SELF", "Parent", "parrent", "parnet", "selff", "paretn"].map((label): [string, string[]] => [
      `done-job-${label}`,
      [`warning CONTEXT 10:${label}`],
    ]),
    ["done-work-Self-*", ["warning CONTEXT 11:Self"]],
    ["done-job-self, failed-job-self", ["warning CONTEXT 10:self, failed-job-self"]],
    ["done-work-a,b-*", ["warning CONTEXT 11:a,b"]],
    ["not done-job-self", ["warning NAME 1:not done"]],
    ["a b-job-self", ["warning NAME 1:a b"]],
    ["a-job-self &&and b-job-self", ["warning NAME 14:and b"]],
    // Nothing to say
    ["done-job-paint || done-job-salt || done-job-sel* || done-job-fsle", []],
    ["done-job-'Self' || done-job-'a,b' || 'not done'-job-self || done-job-se*f", []],
    ["complete-job-self && complete-job-parent", []],
    ["approved-job-self || reviewed-work-self-*", []],
    ["(a-job-self && b-job-self) || (a-job-self && c-job-self)", []],
    ["dummy-repeat-self-5-6 || *-time-self-5 || d*-time-self-5", []],
    ["compl*-job-self", []],
    ["complete-w*-self-*", []],
  ])("%s", (text, issues) => {
    expect(parseTrigger(text).trigger).not.toBeNull();
    expect(issuesOf(text)).toEqual(issues);
  });
});

describe("hints", () => {
  it.each([
    ["faild-job-self", 'did you mean "failed"?'],
    ["Failed-job-self", 'did you mean "failed"?'],
    ["complete-wrok-self-1", 'did you mean "work"?'],
    ["complete-frame-self-1", "the types are job, subjob, work, host, time, repeat"],
    ["globltime-5", 'did you mean "globaltime"? It is written "globaltime-<time>"'],
    ["job-complete-self", 'the name comes first, such as "complete-job-self"'],
    ["done-job-Slef", 'did you mean "self"? Quote it if it is a label'],
    ["done-job-self, failed-job-self", "join events with ||; quote the label if the comma belongs to it"],
    ["not done-job-self", "there is no not: name the events that are to fire"],
    ["a-job-self | b-job-self", 'write "||", or quote the text if the "|" belongs to it'],
    [
      "complete-work-self-salt And pepper",
      'an event is written name-type-context; if "And" belongs to the name before it, quote that name',
    ],
  ])("%s: %s", (text, hint) => {
    expect(hintOf(text)).toBe(hint);
  });
});

describe("a label that a dash has cut short", () => {
  it.each([
    ["done-work-rend-er-5", ["warning CONTEXT 11:rend-er-5"]],
    ["failed-work-rend-er-*", ["warning CONTEXT 13:rend-er-*"]],
    ["x-job-self && complete-subjob-my-comp-v2-7", ["warning CONTEXT 31:my-comp-v2-7"]],
  ])("%s is doubtful", (text, issues) => {
    expect(issuesOf(text)).toEqual(issues);
    expect(parseTrigger(text).trigger).not.toBeNull();
  });

  it.each([
    "complete-work-render-5",
    "complete-work-render-1-10",
    "complete-work-render-1-10-2",
    "complete-work-render-*",
    "complete-work-render-10*",
    "complete-work-render-beauty",
    "complete-work-render-frame-*x",
    "complete-work-render-shot-beauty",
    "complete-work-render-'er-5'",
    "complete-work-render-'er-'5",
    "complete-work-'rend-er'-5",
    "complete-work-'rend'-er-5",
    "complete-work-self-er-5",
    "complete-work-parent-er-*",
    "complete-work-*-er-5",
    "assigned-host-render-farm-07",
    "complete-job-rend-er-5",
    "dummy-repeat-render-5-6",
  ])("%s is not", (text) => {
    expect(issuesOf(text)).toEqual([]);
  });

  it("is answered with both ways to write what was meant, and these are no longer doubtful", () => {
    const hint = hintOf("done-work-rend-er-5");
    expect(hint).toBe(`write "'rend-er'-5" if the label is meant, "rend-'er-'5" if not`);
    expect(parseTrigger("done-work-'rend-er'-5").trigger?.terms[0]).toMatchObject({
      context: { label: ["rend-er"] },
      extra: ["5"],
    });
    expect(parseTrigger("done-work-rend-'er-'5").trigger?.terms[0]).toMatchObject({
      context: { label: ["rend"] },
      extra: ["er-5"],
    });
  });
});

describe("parseTriggerOrThrow", () => {
  function errorOf(text: string): UcbError {
    try {
      parseTriggerOrThrow(text);
    } catch (error) {
      if (error instanceof UcbError) return error;
    }
    throw new Error(`${text} was accepted`);
  }

  it("returns good triggers, doubtful ones too", () => {
    expect(parseTriggerOrThrow("faild-job-self-*").terms).toHaveLength(1);
  });

  it("shows the first mistake under its line", () => {
    const error = errorOf("complete-job-self && faild-wrok-self || x-jb-self");
    expect(error).toMatchObject({ code: "ERR_UCB_TRIGGER", column: 28, hint: 'did you mean "work"?' });
    expect(error.message).toBe(
      [
        '"wrok" is no event type (and 1 more)',
        "  complete-job-self && faild-wrok-self || x-jb-self",
        `  ${" ".repeat(27)}^^^^`,
      ].join("\n"),
    );
    expect(error.line).toBeUndefined();
  });

  it("counts lines where the text has several", () => {
    const error = errorOf("complete-job-self &&\n\tfailed-jb-self");
    expect(error).toMatchObject({ line: 2, column: 9 });
    expect(error.message).toBe('"jb" is no event type\n  \tfailed-jb-self\n  \t       ^^');
  });

  it("shows only what is around the mistake in a long text", () => {
    const error = errorOf(`${"a-job-self || ".repeat(1000)}b-jb-self${" || c-job-self".repeat(1000)}`);
    const [, excerpt = "", carets = ""] = error.message.split("\n");
    expect(error.column).toBe(14_003);
    expect(excerpt.length).toBeLessThan(130);
    expect(excerpt.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1)).toBe("jb");
  });

  it("refuses what is no string", () => {
    expect(() => parseTriggerOrThrow(5 as unknown as string)).toThrow(
      expect.objectContaining({ code: "ERR_UCB_ARGUMENT" }),
    );
  });
});
