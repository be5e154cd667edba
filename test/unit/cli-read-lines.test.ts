import fc from "fast-check";
import { expect, test } from "vitest";
import { readLines } from "../../lib/daemon/read-lines.js";

async function linesOf(chunks: readonly (string | Buffer)[], longest = 1000) {
  async function* stream() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const lines: [number, string | null][] = [];
  for await (const { number, bytes } of readLines(stream(), longest)) lines.push([number, bytes?.toString() ?? null]);
  return lines;
}

test("lines are numbered from 1, empty ones too, and the last needs no end", async () => {
  expect(await linesOf(["a\n\nb\r\nc"])).toEqual([
    [1, "a"],
    [2, ""],
    [3, "b\r"],
    [4, "c"],
  ]);
  expect(await linesOf(["a\n"])).toEqual([[1, "a"]]);
  expect(await linesOf([])).toEqual([]);
});

test("a line says whether another whole one has come with it, and whether its end has come", async () => {
  async function* stream() {
    for (const chunk of ["a\nb\nhalf", " of it\n", "last"]) yield Buffer.from(chunk);
  }
  const lines: [string, more: boolean, ended: boolean][] = [];
  for await (const { bytes, more, ended } of readLines(stream(), 1000)) lines.push([String(bytes), more, ended]);
  expect(lines).toEqual([
    ["a", true, true],
    ["b", false, true],
    ["half of it", false, true],
    ["last", false, false],
  ]);
});

test("a line that is too long is told as null, also as the last", async () => {
  expect(await linesOf(["12345\n123", "456\n123456"], 5)).toEqual([
    [1, "12345"],
    [2, null],
    [3, null],
  ]);
});

test("it does not matter where chunks end", async () => {
  const text = fc.array(fc.string({ unit: "grapheme", maxLength: 12 }).map((line) => line.replaceAll("\n", "")));
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(60)), async (lines, cuts) => {
      const whole = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      const borders = [
        0,
        ...cuts.map((cut) => cut % (whole.length + 1)).sort((one, other) => one - other),
        whole.length,
      ];
      const chunks = borders.slice(1).map((end, index) => whole.subarray(borders[index], end));
      expect(await linesOf(chunks)).toEqual(lines.map((line, index) => [index + 1, line]));
    }),
  );
});
