import { type Command, InvalidArgumentError, Option } from "commander";
import type { HttpOptions } from "../daemon/http-face.js";
import type { CallbackEngine, CloseMode } from "../engine/callback-engine.js";
import { type ConfigurationChange, isSame } from "../engine/configuration-change.js";
import type { Run } from "../execute/run.js";
import { type CommandLog, fieldsOfRun, textLog } from "./command-log.js";
import {
  addLogpathOption,
  addSiteOptions,
  collectPaths,
  directoriesArgument,
  type RunningOptions,
  toAbsolute,
} from "./common-options.js";
import { count } from "./count.js";
import { onEnded, withEngine } from "./engine-session.js";
import { EventFeed } from "./event-feed.js";
import { type EventSource, eventSources } from "./event-sources.js";
import { exitCodes, type Finish } from "./exit-codes.js";
import { noteRest } from "./note-limits.js";
import { addRecordOptions, closeRecording, openRecording, type RecordOptions } from "./record-options.js";
import { RunLines } from "./run-lines.js";
import type { StandardOutput } from "./standard-output.js";
import { waitForRuns } from "./wait-for-runs.js";

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
  command
    .option("--state <DIR>", "keep runs there, so that they survive a crash", toAbsolute)
    .option("--socket <PATH>", "be a daemon: take events and questions on this unix socket", toAbsolute)
    .option("--group <GROUP>", "let the members of this group use the socket, too")
    .option(
      "--http <HOST:PORT>",
      "be a daemon over HTTP, for whoever can connect there; [::1]:8080, 127.0.0.1:8080",
      httpAddress,
    )
    .option("--no-watch", "do not read the configuration again when its files change")
    .addOption(
      new Option("--on-stop <HOW>", "what becomes of runs when a daemon is told to stop")
        .choices(["wait", "leave", "terminate"])
        .default("wait"),
    )
    .addOption(
      new Option("--log <FORMAT>", "how what happens is told on standard error: for people, or a JSON document a line")
        .choices(["text", "json"])
        .default("text"),
    );
  addLogpathOption(addSiteOptions(addRecordOptions(command)))
    .addHelpText("after", epilogue)
    .action(async (directories: string[], options: RunOptions) => finish(await run(directories, options)));
}

interface RunOptions extends RunningOptions, RecordOptions {
  events?: string[];
  state?: string;
  socket?: string;
  group?: string;
  http?: HttpOptions;
  watch: boolean;
  onStop: CloseMode;
  log: "text" | "json";
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

With --record, each event that is taken is also written to a file of its owner's alone, a line each with its time
("at", Unix milliseconds) in front; --events takes such a file, and \`ucb replay\` says what it would fire. What
cannot be written in time is left out: the line behind it says how many ("missing").

With --socket or --http it is a daemon: it serves until it is told to stop, and reads events from files only
if --events names some. \`ucb emit\`, \`status\`, \`runs\`, \`pending\`, \`log\`, \`reload\` and \`explain --now\` talk to it, and so does any program: a line of
the input above gets the answer {"taken":{"event","runs"}}, see docs/reference.md. SIGHUP lets it reload.

After the first SIGINT (Ctrl-C) or SIGTERM no more events are taken, and what was fired still runs; the
second ends it; at the third ucb dies by that signal and says which runs it leaves behind. If whoever
reads the outcomes goes away, that is like the first; a daemon goes on.

It ends when what was fired has ended. Runs of a callback that is paused, since it failed too often,
are waited for too, and standard error says so and until when.

Exit codes: 0 all input was read and every line was an event, whatever became of the runs;
1 a line was no event, or the configuration, the input or the output cannot be used; 2 wrong usage.

Examples:
  supervisor-events | ucb run
  ucb run ./callback --events recorded.ndjson --logpath ./log
`;

async function run(directories: readonly string[], options: RunOptions): Promise<number> {
  const log = options.log === "json" ? (await import("./json-log.js")).jsonLog() : textLog(options.color);
  try {
    return await runWith(log, directories, options);
  } catch (error) {
    log.error(error);
    return exitCodes.no;
  }
}

async function runWith(log: CommandLog, directories: readonly string[], options: RunOptions): Promise<number> {
  const isDaemon = options.socket !== undefined || options.http !== undefined;
  const sources = isDaemon && options.events === undefined ? [] : await eventSources(options.events ?? []);
  const listen = (engine: CallbackEngine, output: StandardOutput) => {
    const lines = new RunLines(output);
    engine.on("action", (action) => lines.asked(action));
    engine.on("configuration", (change) => noteChange(change, log));
    onEnded(engine, (run) => lines.ended(run));
    if (isDaemon) onEnded(engine, (run) => noteFailure(run, log));
  };
  return await withEngine(
    directories,
    { ...options, warnings: true, trace: isDaemon, log, listen, closing: isDaemon ? options.onStop : "wait" },
    async (session) => {
      const { engine, output, onStop } = session;
      const recording = await openRecording(options, options.events ?? [], log);
      try {
        const feed = new EventFeed(engine, output, new RunLines(output), recording);
        onStop(() => feed.stop());
        if (isDaemon) {
          // Only here: a command starts faster with less to load.
          const { serve } = await import("./serve.js");
          const read = () => readAll(sources, feed, log);
          return await serve(session, { ...options, recording, input: { read, stop: () => feed.stop() } });
        }
        const wasRead = await readAll(sources, feed, log);
        if (!feed.stopped) noteRest(engine, log);
        await waitForRuns(engine);
        if (feed.refused > 0) log.warn(`${feed.refused} of ${count(feed.lines, "line")} were no events`);
        return wasRead && feed.refused === 0 ? exitCodes.good : exitCodes.no;
      } finally {
        await closeRecording(recording, log);
      }
    },
  );
}

function noteChange(change: ConfigurationChange, log: CommandLog): void {
  const { generation, added, removed, changed } = change;
  if (isSame(change)) {
    log.info(`nothing is wrong any more: configuration ${generation} still holds`, { generation });
    return;
  }
  const parts = [...added.map((id) => `+${id}`), ...removed.map((id) => `-${id}`), ...changed.map((id) => `~${id}`)];
  log.info(`configuration ${generation} holds now: ${parts.join(" ")}`, { generation, added, removed, changed });
}

/** That a script fails is its own affair, and said in its log; here is said what went wrong around it, such as a mail server that refuses. */
function noteFailure(run: Run, log: CommandLog): void {
  const { state, code, reason, id, callback, jobId } = run;
  if (code === null || (state !== "failed" && state !== "lost")) return;
  log.warn(`${callback} for job ${jobId} ${state === "lost" ? "is lost" : "failed"}: ${reason} (run ${id})`, {
    ...fieldsOfRun(run),
    ...{ state, code, reason },
  });
}

/** Whether all there was has been read. What it fired so far is not given up if it has not. */
async function readAll(sources: readonly EventSource[], feed: EventFeed, log: CommandLog): Promise<boolean> {
  for (const source of sources) {
    const stream = source.open();
    if ("isTTY" in stream && stream.isTTY === true) {
      log.info('reading events from the terminal, one a line, such as {"event":"submit-job-1001"}; Ctrl-D ends them');
    }
    try {
      await feed.read(stream, source);
    } catch (error) {
      log.error(error);
      return false;
    }
    if (feed.stopped) return false;
  }
  return true;
}

/** `HOST:PORT`, with an IPv6 address in brackets. */
function httpAddress(text: string): HttpOptions {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) > 65_535) throw new InvalidArgumentError("It is no HOST:PORT.");
  return { host, port: Number(port) };
}
