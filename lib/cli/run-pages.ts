import type { Action } from "../bridge/supervisor.js";
import { readRunOutput } from "../daemon/run-output.js";
import type { Run } from "../execute/run.js";
import type { StandardOutput } from "./standard-output.js";
import { harmless, type Terminal, terminalOf } from "./terminal.js";

/** More than anybody reads on a terminal; the rest is in the log. */
const longestOutput = 64 * 1024;

/** Shows for people what became of runs, one after the other as they end. */
export class RunPages {
  readonly #output: StandardOutput;
  readonly #terminal: Terminal;
  /** What runs that have not ended asked for. */
  readonly #actions = new Map<string, Action[]>();
  #shown: Promise<void> = Promise.resolve();

  constructor(output: StandardOutput, color: boolean | undefined) {
    this.#output = output;
    this.#terminal = terminalOf(process.stdout, color);
  }

  asked(action: Action): void {
    const actions = this.#actions.get(action.by.id);
    if (actions === undefined) this.#actions.set(action.by.id, [action]);
    else actions.push(action);
  }

  ended(run: Run): void {
    const actions = this.#actions.get(run.id) ?? [];
    this.#actions.delete(run.id);
    this.#shown = this.#shown.then(async () => this.#output.write(await runPage(run, actions, this.#terminal)));
  }

  /** Resolves when all that has ended is shown. */
  done(): Promise<void> {
    return this.#shown;
  }
}

/** How it ended, what it asked for and what it printed. */
async function runPage(run: Run, actions: readonly Action[], terminal: Terminal): Promise<string> {
  const { colors } = terminal;
  const good = run.state === "succeeded";
  const paint = good ? colors.green : colors.red;
  const heading = [
    `${colors.bold(harmless(run.callback))}${run.jobId === 0 ? "" : ` for job ${run.jobId}`}: ${paint(run.state)}`,
    ...(run.exitCode === null ? [] : [`exit ${run.exitCode}`]),
    ...(run.signal === null ? [] : [`killed by ${run.signal}`]),
    ...(run.durationMs === null ? [] : [`${(run.durationMs / 1000).toFixed(3)} s`]),
  ].join(", ");
  const output = run.log === null ? "" : await outputOf(run, run.log);
  return [
    `${heading}\n`,
    ...becauseOf(run, output),
    ...actions.map(({ verb, target, ids }) => `  asked to ${verb} ${target} ${harmless(ids.join(", "))}\n`),
    output,
    ...(run.log === null ? [] : [`  log: ${harmless(run.log)}\n`]),
  ].join("");
}

/** The reason, unless it has been said already: the log of a `.qcb` ends with it. */
function becauseOf(run: Run, output: string): string[] {
  if (run.reason === null || isPlain(run)) return [];
  const reason = harmless(run.reason);
  return output.includes(reason) ? [] : [`  because: ${reason}\n`];
}

/** Whether the reason says no more than exit code and signal do. */
function isPlain({ state, code, exitCode, signal }: Run): boolean {
  return (state === "failed" || state === "timed-out") && code === null && (exitCode !== null || signal !== null);
}

async function outputOf(run: Run, log: string): Promise<string> {
  try {
    const output = await readRunOutput(run, longestOutput);
    if (output === null) return `  its output was not found in ${harmless(log)}\n`;
    const { text, omitted } = output;
    if (text === "") return "";
    const lines = harmless(text.replace(/\r?\n$/, "")).split("\n");
    const before = omitted === 0 ? [] : [`  (${omitted} bytes more in front of this are in the log)\n`];
    return [...before, ...lines.map((line) => `  | ${line}\n`)].join("");
  } catch (error) {
    return `  its output cannot be read: ${error instanceof Error ? error.message : String(error)}\n`;
  }
}
