import type { Command } from "commander";
import { note } from "./complaint.js";
import { count } from "./count.js";
import { addClientOptions, type ClientOptions, showAnswer } from "./daemon-client.js";
import { eventArgument, readEventArgument } from "./event-argument.js";
import { exitCodes, type Finish } from "./exit-codes.js";
import { addJobOption, readRecordFor } from "./job-file.js";

interface EmitOptions extends ClientOptions {
  job?: string;
}

export function addEmit(program: Command, finish: Finish): void {
  const command = program
    .command("emit")
    .summary("report an event to a running daemon")
    .description(
      "Reports an event to the daemon and says which runs it fired. Exits once the daemon has taken it; if the daemon " +
        "keeps a state, once it is durable.",
    )
    .argument(...eventArgument);
  addJobOption(addClientOptions(command))
    .addHelpText("after", epilogue)
    .action(async (event: string, options: EmitOptions) => {
      readEventArgument(event, command);
      finish(await emit(event, options));
    });
}

const epilogue = `
Exit codes: 0 the event was taken, whatever it fires; 1 it was not, or is not durable although it
should be; 2 wrong usage.

--json prints the daemon's answer: {"taken":{"event","runs":["01KB..."]}}

Examples:
  ucb emit submit-job-1001 --job job.json
  ucb emit complete-work-1001-17 --socket ./ucb.sock
`;

interface Answer {
  taken: { event: string; runs: string[]; undurable?: string };
}

async function emit(event: string, options: EmitOptions): Promise<number> {
  const job = options.job === undefined ? undefined : await readRecordFor(event, options.job);
  const report = { event, ...(job === undefined ? {} : { job }) };
  const { taken } = await showAnswer<Answer>(report, options, ({ taken: { runs } }) => {
    return `${event} fires ${count(runs.length, "run")}${runs.map((id) => `\n  ${id}`).join("")}\n`;
  });
  if (taken.undurable === undefined) return exitCodes.good;
  note(taken.undurable);
  return exitCodes.no;
}
