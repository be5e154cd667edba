import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { ShellTerminal } from "./shell-terminal.js";

export type Shell = "bash" | "zsh" | "fish";

/** What a shell makes of `ucb` and a line behind it. */
export interface Completer {
  /** The words that stand there after a tab; directories without the slash that not all shells leave behind them. */
  tab(line: string): Promise<string[]>;
  /** All that the shell offers for the last word, sorted. */
  offers(line: string): Promise<string[]>;
}

const main = join(process.cwd(), "dist/cli/main.js");

/** A real shell that has the script of `ucb completion`, and works in `folder`, which is one of the test's own. */
export async function openCompleter(
  shell: Shell,
  folder: string,
  env: Record<string, string> = {},
): Promise<Completer> {
  if (shell === "fish") return fishCompleter(folder, env);
  const terminal = await ShellTerminal.open(shell, { main, folder, env });
  return {
    tab: async (line) => (await terminal.tab(`ucb ${line}`)).map(withoutSlash),
    offers: async (line) =>
      (await terminal.all(`ucb ${line}`)).slice(wordsBefore(line).length).map(withoutSlash).sort(),
  };
}

/** fish says without a terminal what it would offer. */
function fishCompleter(folder: string, env: Record<string, string>): Completer {
  const completion = execFileSync(process.execPath, [main, "completion", "fish"], { encoding: "utf8" });
  const offers = async (line: string) => {
    const script = `function ucb; "${process.execPath}" "${main}" $argv; end
${completion}
complete --do-complete "ucb ${line}"`;
    const { PATH = "" } = process.env;
    const told = execFileSync("fish", ["--private", "-c", script], {
      ...{ cwd: folder, encoding: "utf8" },
      env: { PATH, HOME: join(folder, ".home"), ...env },
    });
    const lines = told.split("\n").filter((each) => each !== "");
    return lines.map((each) => withoutSlash(each.replace(/\t.*/, ""))).sort();
  };
  return { offers, tab: async (line) => [...wordsBefore(line), ...(await offers(line))] };
}

function withoutSlash(word: string): string {
  return word.replace(/(?<=.)\/$/, "");
}

function wordsBefore(line: string): string[] {
  return line.split(" ").slice(0, -1);
}

/** Whether a shell is not there although nobody promised it: CI has all of them, and a test that misses one there fails. */
export function isMissing(shell: Shell): boolean {
  if (process.env.CI) return false;
  try {
    execFileSync(shell, ["-c", ":"]);
    return false;
  } catch {
    return true;
  }
}
