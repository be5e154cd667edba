import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { diagnosticCodes } from "../../lib/config/diagnostic-codes.js";
import { errorCodes } from "../../lib/errors.js";

const root = join(import.meta.dirname, "..", "..", "lib");

/** Every code that a source mentions; those of triggers are put together from a prefix and a word. */
function codesIn(folder: string): Set<string> {
  const found = new Set<string>();
  for (const name of readdirSync(join(root, folder)).filter((each) => each !== "diagnostic-codes.ts")) {
    const text = readFileSync(join(root, folder, name), "utf8");
    for (const [code] of text.matchAll(/\b(?:ERR|WARN)_UCB_[A-Z_]*[A-Z]\b/g)) found.add(code);
    for (const [, verdict, word] of text.matchAll(/#(error|warn)\(\s*"(?!ERR_|WARN_)([A-Z_]+)"/g)) {
      found.add(`${verdict === "error" ? "ERR" : "WARN"}_UCB_TRIGGER_${word}`);
    }
  }
  for (const code of Object.keys(errorCodes)) found.delete(code);
  return found;
}

it("lists every code that is used, and uses every code that is listed", () => {
  const used = new Set([...codesIn("config"), ...codesIn("trigger")]);
  expect([...used].sort()).toEqual(Object.keys(diagnosticCodes).sort());
});

it.each(Object.entries(diagnosticCodes))("%s has a meaning in one line and a name of its own", (code, meaning) => {
  expect(code).toMatch(/^(ERR|WARN)_UCB_[A-Z]+(_[A-Z]+)+$/);
  expect(meaning).toMatch(/^\S[^\n]*[^\s.]$/);
  expect(errorCodes).not.toHaveProperty(code);
});
