import { expect, test } from "vitest";
import { count } from "../../lib/cli/count.js";
import { placeText } from "../../lib/cli/place-text.js";
import { spanOfTime } from "../../lib/cli/span-of-time.js";
import { table } from "../../lib/cli/table.js";
import { harmless, terminalOf } from "../../lib/cli/terminal.js";

test.each([
  [600_000, "10m"],
  [90_000, "90s"],
  [86_400_000, "1d"],
  [7_200_000, "2h"],
  [1500, "1500ms"],
  [1, "1ms"],
  [0, "0ms"],
])("%d ms is %s", (milliseconds, text) => {
  expect(spanOfTime(milliseconds)).toBe(text);
});

test("numbers come with their noun", () => {
  expect([0, 1, 2].map((number) => count(number, "error"))).toEqual(["no errors", "1 error", "2 errors"]);
});

test("a place names as much as is known", () => {
  expect(placeText({ file: "/a", line: 0, column: 0 })).toBe("/a");
  expect(placeText({ file: "/a", line: 3, column: 0 })).toBe("/a:3");
  expect(placeText({ file: "/a", line: 3, column: 7 })).toBe("/a:3:7");
});

test("text from outside cannot steer a terminal", () => {
  expect(harmless("a\tb\nc\r\nd")).toBe("a\tb\nc\nd");
  expect(harmless("\u001b[2Jx\u0007\u0000\r\u009b")).toBe("\\x1b[2Jx\\x07\\x00\\x0d\\x9b");
  expect(harmless("a\u202eb\u2028")).toBe("a\\u202eb\\u2028");
  expect(harmless("é 😀 中")).toBe("é 😀 中");
});

test("what is no terminal has neither colors nor width", () => {
  expect(terminalOf({})).toMatchObject({ color: false, width: null });
  expect(terminalOf({}, true)).toMatchObject({ color: true, width: null });
  expect(terminalOf({ isTTY: true, columns: 0 }, false)).toMatchObject({ color: false, width: null });
  expect(terminalOf({ isTTY: true, columns: 100 }, false)).toMatchObject({ width: 100 });
});

test("columns are as wide as their widest cell, wide characters counted as two", () => {
  const columns = [{ title: "a" }, { title: "b" }];
  expect(
    table(
      columns,
      [
        ["中文", "1"],
        ["x\nyy", "2"],
      ],
      null,
    ),
  ).toBe("a     b\n中文  1\nx     2\nyy\n");
});

test("flexible columns give way to the width, the widest first, and no text is lost", () => {
  const columns = [{ title: "name" }, { title: "words", flexible: true }];
  const text = table(columns, [["first", "one two three four five six"]], 26);
  expect(text).toBe("name   words\nfirst  one two three four\n       five six\n");
  const unbroken = table(columns, [["first", "x".repeat(30)]], 26);
  expect(
    unbroken
      .split("\n")
      .map((line) => line.slice(7))
      .join(""),
  ).toBe(`words${"x".repeat(30)}`);
});
