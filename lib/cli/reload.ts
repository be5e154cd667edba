import type { Command } from "commander";
import type { ConfigurationChange } from "../engine/configuration-change.js";
import { addClientOptions, type ClientOptions, showAnswer } from "./daemon-client.js";
import { exitCodes, type Finish } from "./exit-codes.js";
import { harmless, terminalOf } from "./terminal.js";

export function addReload(program: Command, finish: Finish): void {
  const command = program
    .command("reload")
    .summary("let a daemon read its configuration again")
    .description(
      "The daemon reads its configuration again and takes it, between two events, if nothing is wrong with it; else " +
        "the last good one stays. Nothing fires again, and triggers that have not changed keep what they remember.",
    );
  addClientOptions(command)
    .addHelpText("after", epilogue)
    .action(async (options: ClientOptions) => finish(await reload(options)));
}

const epilogue = `
Exit codes: 0 the configuration holds; 1 it was refused, or the daemon cannot be reached; 2 wrong usage.

Examples:
  ucb reload
  ucb reload --json --socket ./ucb.sock
`;

async function reload(options: ClientOptions): Promise<number> {
  await showAnswer<{ reload: ConfigurationChange }>({ ask: "reload" }, options, ({ reload }) => page(reload, options));
  return exitCodes.good;
}

/** What is different, a line for each callback. */
export function page(change: ConfigurationChange, { color }: ClientOptions): string {
  const { colors } = terminalOf(process.stdout, color);
  const { generation, added, removed, changed, mail, needsRestart } = change;
  const lines = [
    ...added.map((id) => colors.green(`+ ${harmless(id)}`)),
    ...removed.map((id) => colors.red(`- ${harmless(id)}`)),
    ...changed.map((id) => colors.yellow(`~ ${harmless(id)}`)),
    ...(mail ? ["~ how mail is sent"] : []),
    ...needsRestart.map((key) => `! ${key} holds after a restart of the daemon only`),
  ];
  if (lines.length === 0) return `nothing is different: configuration ${generation} still holds\n`;
  return `${lines.map((line) => `${line}\n`).join("")}configuration ${generation} holds now\n`;
}
