import { fileURLToPath } from "node:url";
import fc from "fast-check";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { trigger } from "../../lib/trigger/literal.js";
import { parseTrigger } from "../../lib/trigger/parse.js";
import { printTrigger } from "../support/print-trigger.js";
import { triggerModel } from "../support/trigger-arbitrary.js";
import { smallWorld, wildWorld } from "../support/trigger-worlds.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The texts that do not compile as literals, from one run of the compiler over all of them. */
function refusedByCompiler(texts: readonly string[]): Set<string> {
  const file = `${root}test/unit/literals.virtual.ts`;
  // The compiler counts lines at U+2028 and U+2029, too.
  const literal = (text: string) =>
    JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
  const lines = texts.map((text) => `trigger(${literal(text)});`);
  const source = ['import { trigger } from "../../lib/trigger/literal.js";', ...lines].join("\n");
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    types: ["node"],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2023) : getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  const main = program.getSourceFile(file);
  const refused = new Set<string>();
  for (const { start, messageText, code } of program.getSemanticDiagnostics(main)) {
    const line = main?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0;
    const text = texts[line - 1];
    // Nothing but our own refusal may come out: no limit of the compiler, no missing module.
    if (text === undefined || code !== 2345)
      throw new Error(`TS${code}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
    expect(ts.flattenDiagnosticMessageText(messageText, "\n")).toContain("TriggerError<");
    refused.add(text);
  }
  return refused;
}

const written = fc.oneof(triggerModel(smallWorld, 2), triggerModel(wildWorld, 2)).map(printTrigger);

/** Text with one part removed, doubled or put in: often wrong, sometimes still right. */
const damaged = fc
  .tuple(
    written,
    fc.nat({ max: 1000 }),
    fc.constantFrom("", "-", "&", "&&", "||", " and ", "(", ")", "'", '"', " ", "*", "0", "x", "globaltime-", "\t"),
    fc.nat({ max: 3 }),
  )
  .map(([text, place, part, length]) => {
    const at = place % (text.length + 1);
    return text.slice(0, at) + part + text.slice(at + length);
  });

describe("trigger", () => {
  it("refuses to compile only what is refused at run time", () => {
    const good = [...new Set(fc.sample(written, { numRuns: 150, seed: 1 }))];
    const any = [...new Set(fc.sample(damaged, { numRuns: 500, seed: 2 }))];
    const refused = refusedByCompiler([...good, ...any]);
    expect([...refused].filter((text) => parseTrigger(text).trigger !== null)).toEqual([]);
    const bad = any.filter((text) => parseTrigger(text).trigger === null);
    // What stands in quotes aside, most mistakes are seen.
    const unquoted = bad.filter((text) => !/['"]/.test(text) && text.length <= 480);
    expect(unquoted.length).toBeGreaterThan(30);
    expect(unquoted.filter((text) => !refused.has(text))).toEqual([]);
  });

  it("takes at run time what the compiler cannot judge, and checks it", () => {
    const text: string = "complete-job-self";
    expect(trigger(text).terms).toHaveLength(1);
    expect(() => trigger(text.replace("job", "jb"))).toThrow(
      expect.objectContaining({ code: "ERR_UCB_TRIGGER", column: 10, hint: 'did you mean "job"?' }),
    );
  });
});
