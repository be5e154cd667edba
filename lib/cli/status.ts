import type { Command } from "commander";
import type { Status } from "../daemon/desk.js";
import type { CallbackCounters } from "../engine/counters.js";
import { count } from "./count.js";
import { countersTable } from "./counters-table.js";
import { addClientOptions, type ClientOptions, showAnswer } from "./daemon-client.js";
import { exitCodes, type Finish } from "./exit-codes.js";
import { placeText } from "./place-text.js";
import { harmless, terminalOf } from "./terminal.js";

export function addStatus(program: Command, finish: Finish): void {
  const command = program
    .command("status")
    .summary("say how a running daemon does")
    .description("Shows what a daemon runs, what waits, and what became of the runs of each callback.");
  addClientOptions(command)
    .addHelpText("after", epilogue)
    .action(async (options: ClientOptions) => finish(await status(options)));
}

const epilogue = `
Exit codes: 0 the daemon has answered; 1 it cannot be reached; 2 wrong usage.

Examples:
  ucb status
  ucb status --json --socket ./ucb.sock
`;

async function status(options: ClientOptions): Promise<number> {
  await showAnswer<{ status: Status }>({ ask: "status" }, options, ({ status }) => page(status, options));
  return exitCodes.good;
}

function page(status: Status, { color }: ClientOptions): string {
  const { colors, width } = terminalOf(process.stdout, color);
  const { queued, running, delayed, undurable } = status;
  const state = undurable === null ? "durable" : undurable === false ? "in memory" : colors.red(harmless(undurable));
  const lines = [
    `daemon ${status.pid}, version ${status.version}, since ${new Date(status.startedAt).toISOString()}`,
    `configuration ${status.generation}: ${count(status.callbacks, "callback")}`,
    ...mistakesOf(status).map((line) => colors.red(harmless(line))),
    ...recordingOf(status).map((line) => harmless(line)),
    `runs: ${running} running, ${queued} waiting${delayed === 0 ? "" : ` (${delayed} for a retry or a pause)`}; ${state}`,
  ];
  const counters = countersTable(Object.entries(status.counters as Record<string, CallbackCounters>), width);
  const pauses = Object.entries(status.pauses).map(([id, pause]) => {
    const { until, reason } = pause as { until: number; reason: string };
    return colors.yellow(`${harmless(id)} is paused until ${new Date(until).toISOString()}: ${harmless(reason)}\n`);
  });
  return `${lines.join("\n")}\n${counters === "" ? "" : `\n${counters}`}${pauses.length === 0 ? "" : `\n${pauses.join("")}`}`;
}

function mistakesOf({ leftOut, refused }: Status): string[] {
  const lines = leftOut === 0 ? [] : [`${count(leftOut, "error")} in it: \`ucb check\` shows what is left out`];
  if (refused === null) return lines;
  const { file, line, column, message, since } = refused;
  const place = file === null ? "" : `${placeText({ file, line: line ?? 0, column: column ?? 0 })}: `;
  return [...lines, `a later one is refused since ${new Date(since).toISOString()}: ${place}${message}`];
}

function recordingOf({ recording }: Status): string[] {
  if (recording === null) return [];
  const { file, missing, problem } = recording;
  const lack = missing === 0 ? "" : `, which lacks ${count(missing, "event")}`;
  return [`events are recorded to ${file}${lack}${problem === null ? "" : `: ${problem}`}`];
}
