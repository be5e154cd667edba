import type { Command } from "commander";
import { addLogpathOption, addSiteOptions, collectPaths } from "./common-options.js";
import { exitCodes, type Finish } from "./exit-codes.js";
import { moment } from "./moment.js";
import { closeAll, openRecordings, splitFolders } from "./recordings.js";
import { ReplayInput, type ReplayOptions } from "./replay-input.js";
import { rehearse } from "./replay-rehearsal.js";
import { rerun } from "./replay-run.js";
import { StandardOutput } from "./standard-output.js";

export function addReplay(program: Command, finish: Finish): void {
  const command = program
    .command("replay")
    .summary("say what recorded events would fire under the configuration as it is now")
    .description(
      "Reads events that `ucb run --record` wrote down, or any events of the same form, and says what they would fire " +
        "now. Nothing is run, unless --run is given. Of a recording that was begun anew, FILE.1, FILE.2 and so on are read " +
        "first, the oldest of them at the beginning.",
    )
    .argument("<FILE_OR_DIR...>", "files of events (- is standard input), and callback directories", collectPaths)
    .option("--run", "really run what the events fire, as if they were reported now")
    .option("--from <TIME>", "only what fires from then on: 2026-01-31T12:00:00Z, or Unix milliseconds", moment)
    .option("--to <TIME>", "only events before then", moment);
  addLogpathOption(addSiteOptions(command))
    .addHelpText("after", epilogue)
    .action(async (paths: string[], options: ReplayOptions) => {
      const { files, folders } = await splitFolders(paths);
      if (files.length === 0) command.error("error: a FILE of events is needed", { exitCode: exitCodes.usage });
      finish(await replay(files, folders, options));
    });
}

const epilogue = `
Without --run, time is what the lines say ("at", Unix milliseconds): times that triggers wait for come in
between, for the jobs that are attached then, and throttle holds back what it would have held back. Of other
limits nothing is known, since nothing runs. Where lines have no time, no time passes. Events before --from
fire nothing, but jobs are attached by them, and triggers with && remember them.

With --run, events are reported one after the other as fast as they are run. Times that triggers wait for
are those of the clock on the wall. Jobs that were submitted before --from are attached.

A line that is no event is told with its file and number, and left out.

Exit codes: 0 something fires, with --run also everything succeeded; 1 nothing fires, a run failed, or a line
was no event; 2 wrong usage.

--json prints a line for each firing, with --run for each outcome and action as \`ucb run\` does, and for each
line that is no event, and at the end one that sums up:
  {"firing":{"callback","event","jobId","at","throttled"}}
  {"error":{"file","line","message","code"}}
  {"replay":{"events","missing","refused","from","to","callbacks":[{"callback","fires","throttled","first","last"}]}}

Examples:
  ucb replay events.ndjson
  ucb replay events.ndjson ./callback --json --from 2026-01-31T12:00:00Z
  ucb replay events.ndjson ./callback --run --logpath ./log
`;

async function replay(paths: readonly string[], folders: readonly string[], options: ReplayOptions): Promise<number> {
  const files = await openRecordings(paths);
  const output = new StandardOutput();
  const input = new ReplayInput(files, options, output);
  try {
    if (options.run === true) return await rerun(input, folders, options);
    return await rehearse(input, folders, options, output);
  } finally {
    input.end();
    await closeAll(files);
  }
}
