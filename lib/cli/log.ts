import type { Command } from "commander";
import { note } from "./complaint.js";
import { addClientOptions, askDaemon, type ClientOptions } from "./daemon-client.js";
import { exitCodes, type Finish } from "./exit-codes.js";
import { StandardOutput } from "./standard-output.js";

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

async function log(run: string, options: ClientOptions): Promise<number> {
  const answer = await askDaemon<{ log: { text: string; omitted: number; path: string | null } }>(
    { ask: "log", run },
    options,
  );
  const output = new StandardOutput();
  const { text, omitted, path } = answer.log;
  if (options.json === true) output.write(`${JSON.stringify(answer)}\n`);
  else {
    if (omitted > 0) note(`${omitted} bytes in front of this are left out: all of it is in ${path}`);
    output.write(text);
  }
  await output.flush();
  return exitCodes.good;
}
