import fc from "fast-check";
import { expect, it } from "vitest";
import { diagnosticCodes } from "../../lib/config/diagnostic-codes.js";
import { loadConfiguration } from "../../lib/config/load-configuration.js";
import { renderDiagnostic } from "../../lib/config/render-diagnostic.js";
import { callbackDirectory, testDirectory } from "../support/callback-directory.js";

const piece = fc.constantFrom(
  ..."=#;'\"[]*&|()-\\. \t\0漢😀",
  ...["\r", "\r\n", "\u2028", "good.py", "bad.pl", "../", "/", "self", "done", "job", "work", "&&", "and", "timeout"],
  ...["env.", "interpreter", "enabled", "__proto__", ".py", ".qcb", "[*]", "[good.py]", "12", "globaltime"],
);
const junk = fc.oneof(
  fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
  fc.string({ unit: "binary", maxLength: 30 }),
);
/** Lines that cannot open a section or name the good callbacks, and so cannot concern them. */
const unrelated = junk.map((text) => text.replace(/[\r\n]/g, " ")).filter((text) => !/^\s*\[|good|fine/.test(text));

const files = { "good.py": "", "fine.qcb": "retry-work-self\n", "bad.pl": "" };

async function load(conf: string) {
  const directory = callbackDirectory(conf, files);
  const qbConf = testDirectory().write("qb.conf", "");
  return loadConfiguration({ qbConf, directories: [directory.path], environment: {} });
}

it("never rejects, and every diagnostic can be shown", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(junk, { maxLength: 8 }), async (lines) => {
      const { callbacks, diagnostics } = await load(lines.join("\n"));
      for (const diagnostic of diagnostics) {
        expect(diagnosticCodes).toHaveProperty(diagnostic.code);
        expect(diagnostic.column).toBeGreaterThanOrEqual(diagnostic.line === 0 ? 0 : 1);
        expect(diagnostic.length).toBeGreaterThanOrEqual(1);
        const shown = renderDiagnostic(diagnostic, { color: false });
        expect(shown).toContain(`[${diagnostic.code}]`);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is tested
        expect(shown).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
      }
      for (const { file, triggers } of callbacks) {
        expect(Object.keys(files)).toContain(file);
        expect(triggers.length).toBeGreaterThan(0);
      }
    }),
    { numRuns: 120 },
  );
});

it("keeps good entries whatever stands beside them", async () => {
  const block = fc.array(unrelated, { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(block, block, block, async (before, between, behind) => {
      const lines = [...before, "good.py = done-job-self", ...between, "fine.qcb = 'failed-work-self-*'", ...behind];
      const conf = [...lines, "[good.py]", "timeout = 7"].join("\n");
      const { callbacks } = await load(conf);
      const good = callbacks.filter(({ file }) => file !== "bad.pl");
      expect(
        good.map(({ file, triggers, options }) => [file, triggers.map(({ line }) => line), options.timeoutMs]),
      ).toEqual([
        ["good.py", [before.length + 1], 7000],
        ["fine.qcb", [before.length + between.length + 2], 600_000],
      ]);
    }),
    { numRuns: 120 },
  );
});
