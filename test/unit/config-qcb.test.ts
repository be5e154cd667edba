import { describe, expect, it } from "vitest";
import { verbs } from "../../lib/bridge/supervisor.js";
import { parseQcb, qcbActions } from "../../lib/config/qcb.js";
import { summarize } from "../support/diagnostic-summary.js";

const file = "/site/a.qcb";

describe("codes", () => {
  // Every code string of Qube's, written out, so that the table is held to something.
  const written = `
    unblock-self block-self fail-self kill-self migrate-self preempt-self interrupt-self suspend-self resume-self
    block-work-self kill-work-self unblock-work-self retry-work-self requeue-work-self complete-work-self fail-work-self
    unblock-subjob-self-single unblock-subjob-self block-subjob-self fail-subjob-self kill-subjob-self migrate-subjob-self
    preempt-subjob-self interrupt-subjob-self suspend-subjob-self resume-subjob-self mail-subjob-status
    mail-status mail-license-status mail-report-status`
    .trim()
    .split(/\s+/);

  it("are all of them and no more", () => {
    expect([...qcbActions.keys()].sort()).toEqual([...written].sort());
  });

  it.each(written.filter((code) => !code.startsWith("mail")))("%s says what it does", (code) => {
    const [verb, ...rest] = code.split("-");
    const target = rest[0] === "self" ? "job" : rest[0];
    expect(verbs).toContain(verb);
    expect(qcbActions.get(code)).toEqual({ kind: "perform", verb, target, single: rest.includes("single") });
  });

  it.each(written.filter((code) => code.startsWith("mail")))("%s sends a mail", (code) => {
    expect(qcbActions.get(code)).toEqual({ kind: "mail", mail: code.slice("mail-".length) });
  });
});

describe("a file", () => {
  it("is read line by line in order, comments left out", () => {
    const { codes, diagnostics } = parseQcb(
      "\uFEFF# first\r\nunblock-self\r\n\r\n\t mail-status # and tell\r\nunblock-self#again",
      file,
    );
    expect(diagnostics).toEqual([]);
    expect(codes.map(({ text, line, column }) => [text, line, column])).toEqual([
      ["unblock-self", 2, 1],
      ["mail-status", 4, 3],
      ["unblock-self", 5, 1],
    ]);
  });

  it.each([
    ["unblok-self", 'did you mean "unblock-self"?'],
    ["Unblock-Self", 'did you mean "unblock-self"?'],
    ["kill-self; mail-status", "write one code a line"],
    ["retry-self", /did you mean|a code is/],
    ["restart-work", /retry-work-self/],
    ["mail-everybody", /mail-status/],
    ["toString", /unblock-self/],
  ])("with %s is told what was meant", (line, hint) => {
    const { codes, diagnostics } = parseQcb(`kill-self\n  ${line}\n`, file);
    expect(codes).toHaveLength(1);
    expect(summarize(diagnostics)).toEqual(["a.qcb:2:3 ERR_UCB_QCB_CODE"]);
    expect(diagnostics[0]).toMatchObject({ file, length: line.length, lineText: `  ${line}` });
    expect(diagnostics[0]?.hint).toMatch(hint);
  });

  it("with several mistakes has them all reported", () => {
    expect(summarize(parseQcb("a\nkill-self\nb", file).diagnostics)).toEqual([
      "a.qcb:1:1 ERR_UCB_QCB_CODE",
      "a.qcb:3:1 ERR_UCB_QCB_CODE",
    ]);
  });
});
