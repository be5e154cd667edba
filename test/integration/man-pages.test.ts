import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createProgram } from "../../lib/cli/program.js";
import { manPages } from "../../scripts/man-pages.js";

const pages = manPages({ version: "1.2.3", date: "2026-01-31" });
const folder = mkdtempSync(join(tmpdir(), "ucb-man-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
for (const [name, page] of pages) writeFileSync(join(folder, name), page);

const program = createProgram(
  () => {},
  () => {},
);
/** CI has both; where one is missing there, its tests fail. */
const isMissing = (tool: string) => !process.env.CI && spawnSync(tool, ["--version"]).error !== undefined;

function shown(name: string): { text: string; warnings: string } {
  const { PATH = "" } = process.env;
  const env = { PATH, LC_ALL: "C.UTF-8", MANWIDTH: "1000", MAN_KEEP_FORMATTING: "", MAN_DISABLE_SECCOMP: "1" };
  const { stdout, stderr } = spawnSync("man", ["--warnings", "--local-file", join(folder, name)], {
    env,
    encoding: "utf8",
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: bold text is shown so.
  return { text: stdout.replace(/.\u0008|\u001b\[[0-9;]*m/g, ""), warnings: stderr };
}

test("each command has a page, and the package names them all", () => {
  const commands = program.commands.map((command) => `ucb-${command.name()}.1`).filter((name) => name !== "ucb-help.1");
  expect([...pages.keys()].sort()).toEqual(["ucb.1", "callbacks.conf.5", ...commands].sort());
  const { man, files } = JSON.parse(readFileSync("package.json", "utf8")) as { man: string[]; files: string[] };
  expect(man.sort()).toEqual([...pages.keys()].map((name) => `man/${name}`).sort());
  expect(files).toContain("man");
});

test.skipIf(isMissing("man")).each([...pages.keys()])("man shows %s without a warning", (name) => {
  const { text, warnings } = shown(name);
  expect(warnings).toBe("");
  expect(text).toMatch(/^NAME\n +\S+ - \S/m);
  expect(text).toContain("universal-callbacks 1.2.3");
  expect(text).toContain("2026-01-31");
});

test.skipIf(isMissing("mandoc")).each([...pages.keys()])("mandoc finds nothing wrong with %s", (name) => {
  const { stdout } = spawnSync("mandoc", ["-T", "lint", "-W", "warning", join(folder, name)], { encoding: "utf8" });
  expect(stdout).toBe("");
});

test.skipIf(isMissing("man")).each(program.commands.filter((command) => command.name() !== "help"))(
  "the page of $_name says what its help says",
  (command) => {
    const { text } = shown(`ucb-${command.name()}.1`);
    const words = text.replace(/\s+/g, " ");
    const help = command.createHelp();
    expect(words).toContain(
      `SYNOPSIS ${help.commandUsage(command)} DESCRIPTION ${command.description().replaceAll("`", "")}`,
    );
    for (const option of help.visibleOptions(command)) {
      expect(words).toContain(` ${help.optionTerm(option)} ${help.optionDescription(option).replaceAll("`", "")}`);
    }
    expect(text).toMatch(/^EXIT STATUS\n +0 .*\n\n +1 .*\n\n +2 +wrong usage/m);
    expect(text).toMatch(new RegExp(`^EXAMPLES\\n.*ucb ${command.name()}`, "ms"));
  },
);

test.skipIf(isMissing("man"))("the page of callbacks.conf has its options and the grammar of triggers", () => {
  const { text } = shown("callbacks.conf.5");
  expect(text).toMatch(/^ +breaker\s+number of failures in a row .*; default: 20, 30s$/m);
  expect(text).toContain('and        = primary { ("&&" | "and") primary }');
  expect(text).toMatch(/^ +dummy-time-self-T\s+at T, once for each job/m);
});

test.skipIf(isMissing("man"))("the page of ucb has its commands and its environment", () => {
  const { text } = shown("ucb.1");
  for (const command of program.commands) expect(text).toMatch(new RegExp(`^ +ucb ${command.name()}\\s+\\S`, "m"));
  expect(text).toMatch(/^ +UCB_CONTROL\s+the daemon's socket.*; where it is not set: \/run\/ucb\.sock$/m);
});
