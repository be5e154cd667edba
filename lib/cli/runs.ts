import { type Command, Option } from "commander";
import { runStates } from "../daemon/question.js";
import type { Run } from "../execute/run.js";
import { addClientOptions, type ClientOptions, showAnswer, talkToDaemon } from "./daemon-client.js";
import { exitCodes, type Finish } from "./exit-codes.js";
import { StandardOutput } from "./standard-output.js";
import { table } from "./table.js";
import { harmless, terminalOf } from "./terminal.js";
import { wholeNumber } from "./whole-number.js";

interface RunsOptions extends ClientOptions {
  callback?: string;
  job?: number;
  state?: string;
  limit: number;
  follow?: boolean;
}

export function addRuns(program: Command, finish: Finish): void {
  const command = program
    .command("runs")
    .summary("show what a daemon has run, and what runs")
    .description("Shows the latest runs of a daemon, oldest first; those that have not ended come last.")
    .option("--callback <CALLBACK>", "only those of this callback")
    .option("--job <ID>", "only those for this job", wholeNumber)
    .addOption(new Option("--state <STATE>", "only those that are so").choices(runStates))
    .option("--limit <N>", "how many at most", wholeNumber, 50)
    .option("--follow", "then go on with runs as they end, a line of JSON each, and with what callbacks ask for");
  addClientOptions(command)
    .addHelpText("after", epilogue)
    .action(async (options: RunsOptions) => finish(await runs(options)));
}

const epilogue = `
Exit codes: 0 the daemon has answered; 1 it cannot be reached, or went away; 2 wrong usage.

Examples:
  ucb runs --state failed
  ucb runs --job 1001 --json
  ucb runs --follow | while read -r line; do echo "$line"; done
`;

async function runs(options: RunsOptions): Promise<number> {
  const { callback, job, state, limit } = options;
  const question = { ask: "runs", callback, job, state, limit };
  await showAnswer<{ runs: Run[] }>(question, options, ({ runs }) => page(runs, options));
  if (options.follow === true) await follow(options);
  return exitCodes.good;
}

async function follow(options: RunsOptions): Promise<void> {
  const output = new StandardOutput();
  for await (const line of talkToDaemon({ ask: "follow" }, options)) {
    if ("following" in line) continue;
    output.write(`${JSON.stringify(line)}\n`);
    if (output.gone) break;
  }
  await output.flush();
}

function page(found: readonly Run[], { color }: ClientOptions): string {
  if (found.length === 0) return "no such runs\n";
  const { colors, width } = terminalOf(process.stdout, color);
  const paint = (state: Run["state"]) =>
    state === "succeeded" ? colors.green(state) : state === "queued" || state === "running" ? state : colors.red(state);
  return table(
    columns,
    found.map((run) => [
      run.id,
      harmless(run.callback),
      harmless(run.event),
      paint(run.state),
      run.durationMs === null ? "" : `${(run.durationMs / 1000).toFixed(3)} s`,
      harmless(run.reason ?? ""),
    ]),
    width,
  );
}

const columns = [
  { title: "run" },
  { title: "callback", flexible: true },
  { title: "event", flexible: true },
  { title: "state" },
  { title: "took" },
  { title: "reason", flexible: true },
];
