import type { Command } from "commander";
import type { CallbackEngine } from "../engine/callback-engine.js";
import {
  addLogpathOption,
  addSiteOptions,
  collectPaths,
  directoriesArgument,
  type RunningOptions,
  toAbsolute,
} from "./common-options.js";
import { complain, note } from "./complaint.js";
import { count } from "./count.js";
import { onEnded, withEngine } from "./engine-session.js";
import { EventFeed } from "./event-feed.js";
import { type EventSource, eventSources } from "./event-sources.js";
import { exitCodes, type Finish } from "./exit-codes.js";
import { noteRest } from "./note-limits.js";
import { RunLines } from "./run-lines.js";
import type { StandardOutput } from "./standard-output.js";

export function addRun(program: Command, finish: Finish): void {
  const command = program
    .command("run")
    .summary("run what a stream of events asks for, and tell the outcomes")
    .description(
      "Reads events, one JSON document a line, from standard input or from files, runs what they fire, and writes one " +
        "JSON document a line for each outcome and each action that a callback asks for. Ends when the input has ended " +
        "and everything it fired has ended too.",
    )
    .argument(...directoriesArgument)
    .option(
      "--events <FILE>",
      "read events from there instead; may be given several times (- is standard input)",
      collectPaths,
    );
  command.option("--state <DIR>", "keep runs there, so that they survive a crash", toAbsolute);
  addLogpathOption(addSiteOptions(command))
    .addHelpText("after", epilogue)
    .action(async (directories: string[], options: RunOptions) => finish(await run(directories, options)));
}

interface RunOptions extends RunningOptions {
  events?: string[];
  state?: string;
}

const epilogue = `
Input, one document a line; the records job, work and subjob may be left out:
  {"event":"submit-job-1001","job":{"id":1001,"name":"shot010","user":"ana","label":"render","pgrp":1001,"pid":0}}
  {"event":"complete-work-1001-17","work":{"name":"17"}}

Output, with and without --json; what is for people goes to standard error:
  {"run":{"id","callback","event","jobId","state","pid","exitCode","signal","durationMs","log","reason"}}
  {"action":{"verb":"unblock","target":"job","ids":["1001"],"run":"01KB..."}}
  {"error":{"file","line","message","code"}}  a line that is no event; the next one is read; file is null
                                              for standard input

Events are taken in order. When 5,000 runs wait, or nobody reads the outcomes, input waits.

With --state, runs that have not ended when ucb dies go on when it is started with the same folder again: those
that wait are run, processes that live are waited for, and what ended unseen is run again (on_lost).

After the first SIGINT (Ctrl-C) or SIGTERM no more events are taken, and what was fired still runs; the
second ends it; at the third ucb dies by that signal and says which runs it leaves behind. If whoever
reads the outcomes goes away, that is like the first.

It ends when what was fired has ended. Runs of a callback that is paused, since it failed too often,
are waited for too, and standard error says so and until when.

Exit codes: 0 all input was read and every line was an event, whatever became of the runs;
1 a line was no event, or the configuration, the input or the output cannot be used; 2 wrong usage.

Examples:
  supervisor-events | ucb run
  ucb run ./callback --events recorded.ndjson --logpath ./log
`;

async function run(directories: readonly string[], options: RunOptions): Promise<number> {
  const sources = await eventSources(options.events ?? []);
  const listen = (engine: CallbackEngine, output: StandardOutput) => {
    const lines = new RunLines(output);
    engine.on("action", (action) => lines.asked(action));
    onEnded(engine, (run) => lines.ended(run));
  };
  return await withEngine(directories, { ...options, warnings: true, listen }, async ({ engine, output, onStop }) => {
    const feed = new EventFeed(engine, output, new RunLines(output));
    onStop(() => feed.stop());
    const wasRead = await readAll(sources, feed, options);
    if (!feed.stopped) noteRest(engine);
    await engine.idle();
    if (feed.refused > 0) note(`${feed.refused} of ${count(feed.lines, "line")} were no events`);
    return wasRead && feed.refused === 0 ? exitCodes.good : exitCodes.no;
  });
}

/** Whether all there was has been read. What it fired so far is not given up if it has not. */
async function readAll(sources: readonly EventSource[], feed: EventFeed, { color }: RunOptions): Promise<boolean> {
  for (const source of sources) {
    const stream = source.open();
    if ("isTTY" in stream && stream.isTTY === true) {
      note('reading events from the terminal, one a line, such as {"event":"submit-job-1001"}; Ctrl-D ends them');
    }
    try {
      await feed.read(stream, source);
    } catch (error) {
      complain(error, color);
      return false;
    }
    if (feed.stopped) return false;
  }
  return true;
}
