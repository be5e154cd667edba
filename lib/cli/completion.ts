import { Argument, type Command } from "commander";
import type { Run } from "../execute/run.js";
import { type CommandWords, commandWords } from "./command-words.js";
import { toAbsolute } from "./common-options.js";
import { bashCompletion } from "./completion-bash.js";
import { fishCompletion } from "./completion-fish.js";
import { zshCompletion } from "./completion-zsh.js";
import { askDaemon } from "./daemon-client.js";
import { exitCodes, type Finish } from "./exit-codes.js";
import { StandardOutput } from "./standard-output.js";

const shells: Readonly<Record<string, (commands: readonly CommandWords[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};
const offers: Readonly<Record<string, (runs: readonly Run[]) => string[]>> = {
  runs: runOffers,
  callbacks: callbackOffers,
};

export function addCompletion(program: Command, finish: Finish): void {
  program
    .command("completion")
    .summary("print what lets a shell complete what is typed behind ucb")
    .description(
      "Prints a script with which bash, zsh or fish completes commands, options, what they take, files, callbacks and the ids " +
        "of runs. For the last two the script asks a daemon, through `ucb completion callbacks` and `ucb completion runs`.",
    )
    .addArgument(
      new Argument("<WHAT>", "a shell, or what a script asks for").choices([
        ...Object.keys(shells),
        ...Object.keys(offers),
      ]),
    )
    .option(
      "--socket <PATH>",
      "with runs and callbacks: the daemon's socket (default: $UCB_CONTROL, else /run/ucb.sock)",
      toAbsolute,
    )
    .addHelpText("after", epilogue)
    .action(async (what: string, options: { socket?: string }) => finish(await completion(program, what, options)));
}

const epilogue = `
To have it in each new shell:
  bash  eval "$(ucb completion bash)" in ~/.bashrc
  zsh   eval "$(ucb completion zsh)" in ~/.zshrc, behind compinit
  fish  ucb completion fish | source in ~/.config/fish/config.fish

Exit codes: 0 it was printed; 1 the daemon cannot be reached; 2 wrong usage.

Examples:
  ucb completion bash >/etc/bash_completion.d/ucb
  ucb completion zsh >/usr/local/share/zsh/site-functions/_ucb
  ucb completion fish >~/.config/fish/completions/ucb.fish
`;

async function completion(program: Command, what: string, options: { socket?: string }): Promise<number> {
  const output = new StandardOutput();
  output.write(shells[what]?.(commandWords(program)) ?? (await offered(what, options)));
  await output.flush();
  return exitCodes.good;
}

/** A line for each word, with a tab between the word and what is said of it. */
async function offered(what: string, options: { socket?: string }): Promise<string> {
  const { runs } = await askDaemon<{ runs: Run[] }>({ ask: "runs", limit: 100 }, options);
  const lines = offers[what]?.(runs.reverse()) ?? [];
  return lines.map((line) => `${line}\n`).join("");
}

/** Newest first. */
function runOffers(runs: readonly Run[]): string[] {
  return runs.map(({ id, callback, event, state }) => `${id}\t${onOneLine(`${callback}, ${event}: ${state}`)}`);
}

function callbackOffers(runs: readonly Run[]): string[] {
  return [...new Set(runs.map(({ callback }) => onOneLine(callback)))].sort();
}

/** Names come from outside, and what is offered must not steer a terminal. */
function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, "?");
}
