import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { type CommandResult, RunningCommand } from "./run-command.js";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export function readDocument(document: string): string {
  return readFileSync(join(root, document), "utf8");
}

/** The code blocks of a document that follow `<!-- example: NAME -->`, in order. */
export function examples(document: string, name: string): string[] {
  const blocks = readDocument(document).matchAll(/<!-- example: (\S+) -->\n```\w+\n([\s\S]*?)```/g);
  return [...blocks].filter(([, found]) => found === name).map(([, , code]) => code ?? "");
}

/** The only code block of that name. */
export function example(document: string, name: string): string {
  const [only, ...others] = examples(document, name);
  if (only === undefined || others.length > 0) throw new Error(`${document} has no example ${name}, or several`);
  return only;
}

/** A folder of the test's own, removed when it ends. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "ucb-doc-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A callback directory inside of `where`. */
export function callbackFolder(where: string, callbacksConf: string, scripts: Record<string, string>): string {
  const callback = join(where, "callback");
  mkdirSync(callback, { mode: 0o755 });
  for (const [name, text] of Object.entries({ "callbacks.conf": callbacksConf, ...scripts })) {
    writeFileSync(join(callback, name), text, { mode: 0o644 });
  }
  return callback;
}

/**
 * Runs commands of a document as somebody would who has a checkout or the installed package: `npx ucb` and `ucb` are the
 * built command. Ends at the first that fails.
 */
export function runShell(commands: string, where: string, env: Record<string, string> = {}): Promise<CommandResult> {
  const ucb = `"${process.execPath}" "${join(root, "dist/cli/main.js")}"`;
  const script = `set -e\nnpx() { shift; ${ucb} "$@"; }\nucb() { ${ucb} "$@"; }\n${commands}`;
  return new RunningCommand("bash", ["-c", script], { cwd: where, env }).ended;
}
