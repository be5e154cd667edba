import { type Command, Option } from "commander";
import { runStates } from "../daemon/question.js";
import { UcbError } from "../errors.js";
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
  if (options.follow === true) await follow(question, options);
  else await showAnswer<{ runs: Run[] }>(question, options, ({ runs }) => page(runs, options));
  return exitCodes.good;
}

/** Shows those there are, and goes on with what happens: nothing is left out in between, and nothing told twice. */
async function follow(question: object, options: RunsOptions): Promise<void> {
  const output = new StandardOutput();
  const write = (line: object) => output.write(`${JSON.stringify(line)}\n`);
  let early: { run?: { id: string } }[] | null = [];
  for await (const line of talkToDaemon([{ ask: "follow" }, question], options)) {
    if ("runs" in line && early !== null) {
      const shown = line.runs as Run[];
      if (options.json === true) write(line);
      else output.write(page(shown, options));
      const ended = new Set(shown.filter(({ endedAt }) => endedAt !== null).map(({ id }) => id));
      for (const before of early) if (!ended.has(before.run?.id ?? "")) write(before);
      early = null;
    } else if (!("following" in line)) {
      if (early === null) write(line);
      else early.push(line);
    }
    if (output.gone) return;
  }
  await output.flush();
  throw new UcbError("ERR_UCB_CONTROL", "the daemon went away");
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
