import type { Command } from "commander";
import type { Job } from "../bridge/supervisor.js";
import { isGlobal } from "../trigger/event.js";
import { addLogpathOption, addSiteOptions, directoriesArgument, type RunningOptions } from "./common-options.js";
import { complain, note } from "./complaint.js";
import { onEnded, withEngine } from "./engine-session.js";
import { type EventArgument, eventArgument, readEventArgument } from "./event-argument.js";
import { doubtOf } from "./event-doubt.js";
import { exitCodes, type Finish } from "./exit-codes.js";
import { addJobOption, readJobFile } from "./job-file.js";
import { RunLines } from "./run-lines.js";
import { RunPages } from "./run-pages.js";
import { waitForRuns } from "./wait-for-runs.js";

export function addFire(program: Command, finish: Finish): void {
  const command = program
    .command("fire")
    .summary("really run what an event fires, and show what came of it")
    .description(
      "Runs the callbacks that the event fires, waits for them and shows how each ended, what it printed and what it " +
        "asked the supervisor for. There is no supervisor behind it: callbacks find the records that --job gives, and " +
        "what they ask for is shown but not done.",
    )
    .argument(...eventArgument)
    .argument(...directoriesArgument);
  addLogpathOption(addJobOption(addSiteOptions(command)))
    .addHelpText("after", epilogue)
    .action(async (event: string, directories: string[], options: FireOptions) =>
      finish(await fire(readEventArgument(event, command), directories, options)),
    );
}

interface FireOptions extends RunningOptions {
  job?: string;
}

const epilogue = `
The jobs of --job count as submitted before the event. One event alone does not satisfy a trigger
with &&; \`ucb run\` takes several.

After the first SIGINT (Ctrl-C) or SIGTERM it still waits for the runs; the second ends them; at the
third it dies by that signal and says which runs it leaves behind.

Exit codes: 0 everything that was fired succeeded; 1 nothing was fired, or something failed;
2 wrong usage.

--json prints one line for each run when it has ended, and one for each action as it is asked for:
  {"run":{"id","callback","event","jobId","state","pid","exitCode","signal","durationMs","log","reason"}}
  {"action":{"verb","target","ids","run"}}

Examples:
  ucb fire failed-job-1001 --job job.json
  ucb fire complete-work-1001-17 ./callback --logpath ./log
  echo '{"id": 1001, "name": "shot010"}' | ucb fire submit-job-1001 --job -
`;

async function fire(event: EventArgument, directories: readonly string[], options: FireOptions): Promise<number> {
  const jobs = options.job === undefined ? [] : await readJobFile(options.job);
  return await withEngine(directories, { ...options, warnings: false }, async ({ engine, output }) => {
    const presenter = options.json === true ? new RunLines(output) : new RunPages(output, options.color);
    let failed = 0;
    engine.on("action", (action) => presenter.asked(action));
    onEnded(engine, (run) => {
      if (run.state !== "succeeded") failed++;
      presenter.ended(run);
    });
    const doubt = doubtOf(event, engine.callbacks);
    if (doubt !== null) note(doubt);
    if (options.job !== undefined) noteStranger(event, jobs, options.job);
    for (const job of jobs) engine.attach(job);
    const fired = engine.emit(event.text);
    await waitForRuns(engine);
    await presenter.done();
    if (fired === 0) complain(`${event.text} fires nothing: \`ucb explain\` says why`, options.color);
    else if (failed > 0 && fired > 1) note(`${failed} of ${fired} runs failed`);
    return fired > 0 && failed === 0 ? exitCodes.good : exitCodes.no;
  });
}

/** Scripts that read their job's record find none, if those that were given are all of others. */
function noteStranger({ jobId, type, text }: EventArgument, jobs: readonly Job[], file: string): void {
  if (isGlobal(type) || jobs.some(({ id }) => id === jobId)) return;
  const found =
    jobs.length === 1
      ? `the record in ${nameOf(file)} is not`
      : `none of the ${jobs.length} records in ${nameOf(file)} is`;
  note(`${found} of job ${jobId}, which ${text} is about: callbacks learn nothing of it but its id`);
}

function nameOf(file: string): string {
  return file === "-" ? "standard input" : file;
}
