import type { Command } from "commander";
import type { PendingTrigger } from "../engine/memory-trace.js";
import { addClientOptions, type ClientOptions, showAnswer } from "./daemon-client.js";
import { exitCodes, type Finish } from "./exit-codes.js";
import { harmless, terminalOf } from "./terminal.js";
import { wholeNumber } from "./whole-number.js";

interface PendingOptions extends ClientOptions {
  job?: number;
}

export function addPending(program: Command, finish: Finish): void {
  const command = program
    .command("pending")
    .summary("show which && triggers are half satisfied")
    .description("Shows for each job what its && triggers have seen, since when, and what they still wait for.")
    .option("--job <ID>", "only those of this job", wholeNumber);
  addClientOptions(command)
    .addHelpText("after", epilogue)
    .action(async (options: PendingOptions) => finish(await pending(options)));
}

const epilogue = `
Exit codes: 0 the daemon has answered; 1 it cannot be reached; 2 wrong usage.

Examples:
  ucb pending
  ucb pending --job 1001 --json
`;

async function pending(options: PendingOptions): Promise<number> {
  const question = { ask: "pending", job: options.job };
  await showAnswer<{ pending: PendingTrigger[] }>(question, options, ({ pending }) => page(pending, options));
  return exitCodes.good;
}

function page(found: readonly PendingTrigger[], { color }: ClientOptions): string {
  if (found.length === 0) return "no trigger is half satisfied\n";
  const { colors } = terminalOf(process.stdout, color);
  return found
    .map(({ callbackId, jobId, trigger, satisfied, missing, since }) => {
      const age = since === null ? "" : `, for ${ageOf(since)}`;
      const heading = `${colors.bold(harmless(callbackId))} for ${jobId === 0 ? "no job" : `job ${jobId}`}${age}: ${harmless(trigger)}\n`;
      const seen = satisfied.map(({ term, event, at }) => {
        const by = event === null || at === null ? "it happened" : `${event} at ${new Date(at).toISOString()}`;
        return `    ${colors.green("seen")}  ${harmless(term)}: ${colors.dim(harmless(by))}\n`;
      });
      const wanted = missing.map((term) => `    ${colors.yellow("waits")} ${harmless(term)}\n`);
      return [heading, ...seen, ...wanted].join("");
    })
    .join("");
}

function ageOf(since: number): string {
  const seconds = Math.max(0, Math.round((Date.now() - since) / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
