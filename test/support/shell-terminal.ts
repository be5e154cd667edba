import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vi } from "vitest";
import { RunningCommand } from "./run-command.js";

/** Makes all that would be offered for what is typed so far appear on the line. */
const insertAll = { bash: "\u001b*", zsh: "\u0018a" };

/**
 * A shell on a terminal of its own, whose own completion fills in what is typed. `ucb` tells the words it is given, except
 * behind `completion`, where it is the command.
 */
export class ShellTerminal {
  readonly #shell: "bash" | "zsh";
  readonly #command: RunningCommand;
  readonly #words: string;

  private constructor(shell: "bash" | "zsh", command: RunningCommand, words: string) {
    this.#shell = shell;
    this.#command = command;
    this.#words = words;
  }

  /** `main` is the command's program, `folder` one of the test's own, in which the shell works. */
  static async open(
    shell: "bash" | "zsh",
    { main, folder, env = {} }: { main: string; folder: string; env?: Record<string, string> },
  ): Promise<ShellTerminal> {
    const home = join(folder, ".home");
    const words = join(home, "words");
    mkdirSync(home);
    const ucb = `
ucb() {
  if [[ $1 == completion ]]; then "${process.execPath}" "${main}" "$@"
  else printf '%s\\0' "$@" >"${words}.part"; mv "${words}.part" "${words}"
  fi
}
eval "$(ucb completion ${shell})"
`;
    const readline =
      "bind 'set completion-query-items 0' 'set page-completions off' 'set enable-bracketed-paste off'\n";
    const zle = `zle -C all-matches complete-word _generic
bindkey '^Xa' all-matches
zstyle ':completion:all-matches:*' completer _all_matches _complete
zstyle ':completion:all-matches:*' insert true
unsetopt zle_bracketed_paste
`;
    const setUp = shell === "bash" ? `${ucb}${readline}` : `autoload -U compinit && compinit -u -D\n${ucb}${zle}`;
    writeFileSync(join(home, shell === "bash" ? "bashrc" : ".zshrc"), `${setUp}PS1='ready> '\n`);
    const start =
      shell === "bash"
        ? ["bash", "--rcfile", join(home, "bashrc"), "-i"]
        : ["zsh", "-o", "noglobalrcs", "-o", "nopromptsp", "-i"];
    const python = "import os, pty, sys; sys.exit(os.WEXITSTATUS(pty.spawn(sys.argv[1:])))";
    const command = new RunningCommand("python3", ["-c", python, ...start], {
      cwd: folder,
      env: { TERM: "dumb", HOME: home, ZDOTDIR: home, ...env },
    });
    await command.said("ready> ");
    return new ShellTerminal(shell, command, words);
  }

  /** The words `ucb` is given when a tab is typed behind `line`. */
  tab(line: string): Promise<string[]> {
    return this.#type(`${line}\t`);
  }

  /** The same with all that is offered. */
  all(line: string): Promise<string[]> {
    return this.#type(`${line}${insertAll[this.#shell]}`);
  }

  async #type(keys: string): Promise<string[]> {
    rmSync(this.#words, { force: true });
    this.#command.child.stdin.write(`${keys}\r`);
    try {
      await vi.waitUntil(() => existsSync(this.#words), { timeout: 30_000, interval: 10 });
    } catch {
      throw new Error(`${this.#shell} did not run ucb behind ${JSON.stringify(keys)}: ${this.#command.stdout}`);
    }
    return readFileSync(this.#words, "utf8").split("\0").slice(0, -1);
  }
}
