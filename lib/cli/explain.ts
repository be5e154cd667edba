import type { Command } from "commander";
import type { Job } from "../bridge/supervisor.js";
import type { Callback, Configuration } from "../config/configuration.js";
import { errorsOf } from "../config/diagnostic.js";
import type { Trigger } from "../trigger/ast.js";
import { explainTrigger, type TriggerExplanation } from "../trigger/explain.js";
import { addSiteOptions, directoriesArgument, type SiteOptions, toAbsolute } from "./common-options.js";
import { note } from "./complaint.js";
import { count } from "./count.js";
import { type EventArgument, eventArgument, readEventArgument } from "./event-argument.js";
import { doubtOf } from "./event-doubt.js";
import { exitCodes, type Finish } from "./exit-codes.js";
import { explainNow, explainStopped } from "./explain-now.js";
import { explainRun } from "./explain-run.js";
import { addJobOption, readJobFile } from "./job-file.js";
import { placeText } from "./place-text.js";
import { noteErrors, readUsableSite } from "./site.js";
import { StandardOutput } from "./standard-output.js";
import { harmless, type Terminal, terminalOf } from "./terminal.js";

export function addExplain(program: Command, finish: Finish): void {
  const command = program
    .command("explain")
    .summary("say which callbacks an event fires, and why not the others")
    .description(
      "Shows for every callback whether the event fires it, and for every event pattern of its trigger whether the " +
        "event satisfies it and why. Nothing is run, and nothing that happened before counts: a trigger with && shows " +
        "what it would still wait for.",
    )
    .argument("[EVENT]", eventArgument[1])
    .argument(...directoriesArgument)
    .option("--run <RUN>", "say instead why a run of a daemon fired, with the events that led to it")
    .option("--now", "ask a running daemon: with what has happened to its jobs, and its limits")
    .option(
      "--socket <PATH>",
      "with --run or --now, which it implies: the daemon's socket (default: $UCB_CONTROL, else /run/ucb.sock)",
      toAbsolute,
    )
    .option(
      "--state <DIR>",
      "with what has happened to the jobs of a daemon that has stopped: its --state",
      toAbsolute,
    );
  addJobOption(addSiteOptions(command))
    .addHelpText("after", epilogue)
    .action(async (event: string | undefined, directories: string[], options: ExplainOptions) => {
      const refuse = (message: string) => command.error(`error: ${message}`, { exitCode: exitCodes.usage });
      const { run, state, socket } = options;
      if (run !== undefined && event === undefined) return finish(await explainRun(run, options));
      if (run !== undefined) return refuse("--run is about one run: neither EVENT nor DIRECTORY goes with it");
      if (event === undefined) return refuse("either an EVENT or --run RUN is needed");
      const { text, ...fields } = readEventArgument(event, command);
      if (options.now !== true && socket === undefined) {
        if (state === undefined) return finish(await explain({ text, ...fields }, directories, options));
        return finish(await explainStopped(text, directories, state, options));
      }
      if (state !== undefined)
        return refuse("--state is of a daemon that has stopped: --now and --socket ask one that runs");
      if (directories.length > 0 || options.qbConf !== undefined)
        return refuse("a daemon has a configuration of its own");
      return finish(await explainNow(text, options));
    });
}

interface ExplainOptions extends SiteOptions {
  job?: string;
  run?: string;
  now?: boolean;
  socket?: string;
  state?: string;
}

const epilogue = `
Triggers that name a parent or a label are about other jobs: give their records with --job, as JSON,
for example
  [{"id": 1001, "label": "sim", "pgrp": 1001}, {"id": 1002, "label": "render", "pgrp": 1001, "pid": 1001}]

With --now, and with --state, what has happened before counts: for each job that the event concerns it says which
terms of the trigger it satisfies, which are satisfied and by which event, which are missing, and what would
keep a run from beginning: a throttle, a full queue, a pause. Nothing is reported, and nothing changes.

Exit codes: 0 the event fires something; 1 it fires nothing, or something failed; 2 wrong usage.

--json prints one document:
  {"event","callbacks":[{"file","trigger","fires","terms":[{"text","satisfied","reason"}]}]}
with a row for each trigger; those of callbacks that are switched off also have "enabled":false. With --now and --state:
  {"explain":{"event","isAttached","triggers":[{"callbackId","callback","enabled","trigger","fires","owners":[...],
   "omitted"}],"leftOut":[...]}}, see docs/reference.md

Examples:
  ucb explain complete-work-1001-17
  ucb explain done-job-1001 /apps/qube/callback --job jobs.json
  ucb explain globaltime-809222400 --json
  ucb explain done-job-1001 --now
  ucb explain --run 01KB3V0M3QY8Z9C1V5T7W2X4R6
`;

interface Row {
  callback: Callback;
  trigger: Trigger;
  fires: boolean;
  explanation: TriggerExplanation;
}

async function explain(event: EventArgument, directories: readonly string[], options: ExplainOptions): Promise<number> {
  const jobs = options.job === undefined ? [] : await readJobFile(options.job);
  const configuration = await readUsableSite(directories, options);
  if (configuration === null) return exitCodes.no;
  const rows = rowsOf(configuration, event, jobs);
  const doubt = doubtOf(event, configuration.callbacks);
  if (doubt !== null) note(doubt);
  const output = new StandardOutput();
  if (options.json === true) {
    output.write(document(event, rows));
    noteErrors(configuration);
  } else {
    output.write(page(event, rows, configuration, terminalOf(process.stdout, options.color)));
    if (options.job === undefined && rows.some((row) => needsJobs(row, event))) {
      note("triggers with a parent or a label need the records of jobs to be explained: --job FILE");
    }
  }
  await output.flush();
  return rows.some(({ fires }) => fires) ? exitCodes.good : exitCodes.no;
}

function rowsOf({ callbacks }: Configuration, event: EventArgument, jobs: readonly Job[]): Row[] {
  // A job is attached by its submission, whether or not its record is known.
  const attached = event.name === "submit" && event.type === "job" ? [{ id: event.jobId }, ...jobs] : jobs;
  return callbacks.flatMap((callback) =>
    callback.triggers.map(({ trigger }) => {
      const explanation = explainTrigger(trigger, event, attached);
      return { callback, trigger, explanation, fires: callback.options.enabled && explanation.fires };
    }),
  );
}

function needsJobs({ trigger, fires }: Row, { type }: EventArgument): boolean {
  if (fires) return false;
  return trigger.terms.some(
    ({ context, types }) => types.includes(type) && (context.kind === "parent" || context.kind === "label"),
  );
}

function document(event: EventArgument, rows: readonly Row[]): string {
  const answer = {
    event: event.text,
    callbacks: rows.map(({ callback, trigger, fires, explanation }) => ({
      file: callback.file,
      trigger: trigger.text,
      fires,
      terms: explanation.terms.map(({ text, satisfied, reason }) => ({ text, satisfied, reason })),
      ...(callback.options.enabled ? {} : { enabled: false }),
    })),
  };
  return `${JSON.stringify(answer, null, 2)}\n`;
}

function page(event: EventArgument, rows: readonly Row[], configuration: Configuration, terminal: Terminal): string {
  const { colors } = terminal;
  const errors = errorsOf(configuration.diagnostics);
  const leftOut = errors.map((error) => `  ${harmless(`${placeText(error)}: ${error.message}`)}\n`);
  const firing = new Set(rows.filter(({ fires }) => fires).map(({ callback }) => callback.id)).size;
  const total = configuration.callbacks.length;
  return [
    ...rows.map((row) => rowText(row, terminal)),
    leftOut.length === 0
      ? ""
      : `\n${colors.yellow("left out because of errors (see `ucb check`):")}\n${leftOut.join("")}`,
    `\n${colors.bold(harmless(event.text))} fires ${firing === 0 ? "none" : firing} of ${count(total, "callback")}\n`,
  ].join("");
}

function rowText({ callback, trigger, fires, explanation }: Row, terminal: Terminal): string {
  const { colors } = terminal;
  const verdict = `${colors.bold(harmless(callback.file))} ${verdictOf(callback, explanation)}`;
  const terms = explanation.terms.map(({ text, satisfied, reason }) => {
    return `    ${mark(satisfied, terminal)} ${harmless(text)}: ${colors.dim(harmless(reason))}\n`;
  });
  return `${mark(fires, terminal)} ${verdict}: ${harmless(trigger.text)}\n${terms.join("")}`;
}

function verdictOf({ options }: Callback, { fires, owners }: TriggerExplanation): string {
  const jobs = owners.filter((owner) => owner !== 0);
  const whom = jobs.length === 0 ? "" : ` for ${jobs.length === 1 ? "job" : "jobs"} ${jobs.join(", ")}`;
  if (!options.enabled) return fires ? `is switched off and would fire${whom}` : "is switched off and does not fire";
  return fires ? `fires${whom}` : "does not fire";
}

function mark(yes: boolean, { colors, unicode }: Terminal): string {
  if (yes) return colors.green(unicode ? "✓" : "[x]");
  return colors.red(unicode ? "✗" : "[ ]");
}
