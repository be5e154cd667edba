import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../../lib/config/diagnostic.js";
import { renderDiagnostic } from "../../lib/config/render-diagnostic.js";

function mistakeAt(lineText: string, part: string): Diagnostic {
  const column = lineText.indexOf(part) + 1;
  return {
    severity: "error",
    code: "ERR_UCB_TRIGGER_TYPE",
    message: `"${part}" is no event type`,
    file: "/site/callbacks.conf",
    line: 3,
    column,
    length: part.length,
    lineText,
    hint: 'did you mean "work"?',
  };
}

/** The columns of a terminal that the carets stand under. */
function marked(lineText: string, part: string): [before: number, carets: number, text: string] {
  const [, text = "", underline = ""] = renderDiagnostic(mistakeAt(lineText, part), { color: false }).split("\n");
  return [underline.indexOf("^"), underline.trim().length, text];
}

it("shows place, line, caret and hint", () => {
  expect(renderDiagnostic(mistakeAt("a.py = failed-wrk-self-*", "wrk"), { color: false })).toBe(
    [
      '/site/callbacks.conf:3:15: error: "wrk" is no event type [ERR_UCB_TRIGGER_TYPE]',
      "  a.py = failed-wrk-self-*",
      "                ^^^",
      '  hint: did you mean "work"?',
    ].join("\n"),
  );
});

it("leaves out what there is not", () => {
  const { hint: _, ...rest } = mistakeAt("", "");
  const whole = { ...rest, line: 0, column: 0, message: "there is no file" };
  expect(renderDiagnostic(whole, { color: false })).toBe(
    "/site/callbacks.conf: error: there is no file [ERR_UCB_TRIGGER_TYPE]",
  );
  expect(
    renderDiagnostic({ ...rest, column: 0, lineText: "abc" }, { color: false })
      .split("\n")
      .slice(1),
  ).toEqual(["  abc"]);
});

it("uses colours only when asked to", () => {
  const mistake = mistakeAt("a = x", "x");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control sequences
  const withoutColors = (text: string) => text.replace(/\x1b\[\d+m/g, "");
  const colored = renderDiagnostic(mistake, { color: true });
  expect(colored).toContain("\x1b[31m");
  expect(withoutColors(colored)).toBe(renderDiagnostic(mistake, { color: false }));
  const warning = renderDiagnostic({ ...mistake, severity: "warning" }, { color: true });
  expect(warning).toContain("\x1b[33m");
  expect(warning).not.toContain("\x1b[31m");
});

describe("the caret stands under the text", () => {
  it.each([
    ["behind tabs", "\ta.py\t= wrk", "wrk"],
    ["behind wide characters", "漢字.py = wrk", "wrk"],
    ["behind emoji of several code points", "👨‍👩‍👧.py = wrk", "wrk"],
    ["behind combining characters", "cafe\u0301.py = wrk", "wrk"],
    ["behind control characters", "a\x1b[31m\0 = wrk", "wrk"],
    ["in wide characters", "a = 漢字-x", "漢字"],
    ["at the start", "wrk = a", "wrk"],
  ])("%s", (_, line, part) => {
    const [before, carets, text] = marked(line, part);
    const at = text.indexOf(part);
    expect(at).toBeGreaterThan(0);
    expect(before).toBe(stringWidth(text.slice(0, at)));
    expect(carets).toBe(stringWidth(part));
  });

  it("behind the end of the line", () => {
    const [before, carets] = marked("a = b", "");
    expect([before, carets]).toEqual([2, 1]);
    const end = { ...mistakeAt("a = b", "b"), column: 6, length: 1 };
    expect(renderDiagnostic(end, { color: false }).split("\n")[2]).toBe(`${" ".repeat(7)}^`);
  });
});

describe("a long line", () => {
  const before = "done-job-a || ".repeat(40);
  const after = " || done-job-b".repeat(40);

  it.each([
    ["in the middle", `${before}wrk${after}`],
    ["at the start", `wrk${after}`],
    ["at the end", `${before}wrk`],
    ["of wide characters", `${"漢".repeat(300)}wrk${"字".repeat(300)}`],
    ["of megabytes", `${"a".repeat(3_000_000)}wrk${"b".repeat(3_000_000)}`],
  ])("is cut around the caret %s", (_, line) => {
    const [caret, carets, text] = marked(line, "wrk");
    expect(stringWidth(text)).toBeLessThanOrEqual(102);
    expect(stringWidth(text.slice(0, text.indexOf("wrk")))).toBe(caret);
    expect(carets).toBe(3);
    expect(text.startsWith("  …")).toBe(!line.startsWith("wrk"));
    expect(text.endsWith("…")).toBe(!line.endsWith("wrk"));
  });

  it("has carets only as far as it is shown", () => {
    const [, carets, text] = marked(after, after);
    expect(carets).toBeLessThanOrEqual(stringWidth(text));
    expect(carets).toBeGreaterThan(80);
  });
});

it("lets nothing through that steers a terminal", () => {
  const nasty = "\x1b]0;x\x07\r\n\u009b31m\u202e";
  const rendered = renderDiagnostic(
    { ...mistakeAt(`a = ${nasty}`, "a"), message: nasty, hint: nasty, file: `/tmp/${nasty}` },
    { color: false },
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is tested
  expect(rendered).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  expect(rendered.split("\n")).toHaveLength(4);
});
