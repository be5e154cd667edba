import type { Command } from "commander";
import { note } from "./complaint.js";
import { addClientOptions, type ClientOptions, showAnswer } from "./daemon-client.js";
import { exitCodes, type Finish } from "./exit-codes.js";

export function addLog(program: Command, finish: Finish): void {
  const command = program
    .command("log")
    .summary("show what one run printed")
    .description("Prints the output of one run, also while it runs: what it has printed so far.")
    .argument("<RUN>", "the run's id, as `ucb runs` shows it");
  addClientOptions(command)
    .addHelpText("after", epilogue)
    .action(async (run: string, options: ClientOptions) => finish(await log(run, options)));
}

const epilogue = `
Exit codes: 0 there is such a run, whether or not it printed anything; 1 there is none, its output
cannot be read, or the daemon cannot be reached; 2 wrong usage.

--json prints {"log":{"run","path","text","omitted"}}: \`omitted\` bytes in front of the text were left out.

Examples:
  ucb log 01KB3V0M3QY8Z9C1V5T7W2X4R6
`;

interface Answer {
  log: { text: string; omitted: number; path: string | null };
}

async function log(run: string, options: ClientOptions): Promise<number> {
  await showAnswer<Answer>({ ask: "log", run }, options, ({ log: { text, omitted, path } }) => {
    if (omitted > 0) note(`${omitted} bytes in front of this are left out: all of it is in ${path}`);
    return text;
  });
  return exitCodes.good;
}
