import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readRunOutput } from "../../lib/daemon/run-output.js";
import type { Run } from "../../lib/execute/run.js";

function logged(text: string, name = "7.cb"): Run {
  const folder = mkdtempSync(join(tmpdir(), "ucb-output-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const log = join(folder, name);
  writeFileSync(log, text);
  return { id: "01RUN", log } as Run;
}

const block = (id: string, body: string) => `=== run ${id} a.py on b at c\n${body}=== end ${id} exit 0 after 0.1 s\n`;

test("the output is what stands between the run's own header and trailer", async () => {
  const run = logged(block("01OTHER", "other\n") + block("01RUN", "mine\nmore\n") + block("01LATER", "later\n"));
  expect(await readRunOutput(run, 1000)).toEqual({ text: "mine\nmore\n", omitted: 0 });
  expect(await readRunOutput(logged(block("01RUN", "")), 1000)).toEqual({ text: "", omitted: 0 });
});

test("a callback that prints what looks like another run's trailer hides nothing of its own", async () => {
  const body = "=== end 01OTHER exit 0\n=== end 01RUN exit 0 after 0 s\n === run 01RUN \nrest\n";
  expect(await readRunOutput(logged(block("01RUN", body)), 1000)).toEqual({ text: body, omitted: 0 });
});

test("of long output the end is given, and how much is in front of it", async () => {
  const body = `${"x".repeat(3_000_000)}\nthe end\n`;
  const run = logged(block("01OTHER", "y\n") + block("01RUN", body) + block("01LATER", `${"z".repeat(2_500_000)}\n`));
  expect(await readRunOutput(run, 8)).toEqual({ text: "the end\n", omitted: 3_000_001 });
});

test.each([
  ["a line that is cut is left out", `${"x".repeat(50)}\nline 1\nline 2\n`, 20, "line 1\nline 2\n", 51],
  ["a line that is not cut stays", `${"x".repeat(50)}\nline 1\nline 2\n`, 14, "line 1\nline 2\n", 51],
  ["of a last line that is too long the end is given", `first\n${"x".repeat(50)}\n`, 11, `${"x".repeat(10)}\n`, 46],
  ["even where it has no end", `first\n${"x".repeat(50)}`, 10, "x".repeat(10), 46],
  ["which begins with a whole character", `first\n${"é".repeat(50)}`, 9, "é".repeat(4), 98],
])("%s", async (_, body, limit, text, omitted) => {
  // Output that does not end its last line has its log end it.
  const ended = body.endsWith("\n") ? body : `${body}\n`;
  const given = text.endsWith("\n") ? text : `${text}\n`;
  const extra = ended.length - body.length;
  expect(await readRunOutput(logged(block("01RUN", ended)), limit + extra)).toEqual({ text: given, omitted });
  expect(await readRunOutput(logged(body, "01RUN.out"), limit)).toEqual({ text, omitted });
});

test.each(Array.from({ length: 40 }, (_, index) => index))(
  "a mark across the border of two reads is found (%d)",
  async (shift) => {
    const trailer = "=== end 01RUN exit 0 after 0.1 s\n";
    const rest = (1 << 20) - trailer.length + shift;
    const run = logged(`${block("01RUN", "mine\n")}${"z".repeat(rest)}`);
    expect(await readRunOutput(run, 1000)).toEqual({ text: "mine\n", omitted: 0 });
  },
);

test("output that could not be appended to the log is read from the run's own file", async () => {
  expect(await readRunOutput(logged("alone\n", "01RUN.out"), 1000)).toEqual({ text: "alone\n", omitted: 0 });
});

test("a log without the run's block, or no log, has none", async () => {
  expect(await readRunOutput(logged(block("01OTHER", "other\n")), 1000)).toBeNull();
  expect(await readRunOutput(logged(""), 1000)).toBeNull();
  expect(await readRunOutput({ ...logged(""), log: null }, 1000)).toBeNull();
});
