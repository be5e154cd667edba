import type { Configuration } from "../config/configuration.js";
import { errorsOf } from "../config/diagnostic.js";
import type { CallbackEngine, CloseMode } from "../engine/callback-engine.js";
import type { Run } from "../execute/run.js";
import { type CommandLog, fieldsOfRun, textLog } from "./command-log.js";
import type { RunningOptions } from "./common-options.js";
import { exitCodes } from "./exit-codes.js";
import { checkLogFolder } from "./log-folder.js";
import { noteLimits } from "./note-limits.js";
import { isUsable, readSite } from "./site.js";
import { spanOfTime } from "./span-of-time.js";
import { StandardOutput } from "./standard-output.js";
import { dieOf, type StopSignal, StopSignals } from "./stop-signals.js";
import { stopText } from "./stop-text.js";

export interface EngineSession {
  engine: CallbackEngine;
  output: StandardOutput;
  log: CommandLog;
  /** Calls `stop` when the command is told to stop; what was fired is then still waited for, unless it is told again. */
  onStop(stop: () => void): void;
}

export interface SessionOptions extends RunningOptions {
  /** Whether to show also what is doubtful, and not only what is wrong. */
  warnings: boolean;
  /** Where runs outlive the command; absolute. */
  state?: string | undefined;
  /** Whether the configuration is read again when its files change. */
  watch?: boolean;
  /** Whether note is taken of what satisfies triggers. */
  trace?: boolean;
  /** Where what no answer says is told; without it to people. */
  log?: CommandLog;
  /** What the first signal to stop means for runs, as it is told; `wait` where nothing is said. */
  closing?: CloseMode;
  /** Called before runs that an earlier engine left go on. */
  listen?: (engine: CallbackEngine, output: StandardOutput) => void;
}

/**
 * Opens an engine on the site, if the site can be used, lets `work` do something with it, waits for what that fired,
 * and closes it again. Returns the exit code that `work` decides on, or the one that says why it was not asked. What is
 * wrong, and later what no run's outcome shows, goes to the log.
 * @throws UcbError if output cannot be filed or written, or there is no native addon
 */
export async function withEngine(
  directories: readonly string[],
  options: SessionOptions,
  work: (session: EngineSession) => Promise<number>,
): Promise<number> {
  const signals = new StopSignals();
  const output = new StandardOutput();
  const { log = textLog(options.color) } = options;
  let exitCode: number = exitCodes.no;
  try {
    const configuration = await readSite(directories, options);
    const logPath = options.logpath ?? configuration.qbConf.logPath;
    // Only here: what merely reads a configuration shall work, and start, without the native addon.
    const { CallbackEngine } = await import("../engine/callback-engine.js");
    const { state, qbConf, watch = false, trace = false } = options;
    const engine = await CallbackEngine.open({
      ...{ configuration, logPath, watch, trace },
      ...(state === undefined ? {} : { state }),
      // What it is read from again.
      ...(qbConf === undefined ? {} : { qbConf }),
      ...(directories.length === 0 ? {} : { directories }),
    });
    try {
      options.listen?.(engine, output);
      engine.on("problem", (error) => {
        log.error(error);
        if (error.code === "ERR_UCB_CONFIG") log.info("the configuration before still holds");
      });
      engine.on("durability", (problem) => {
        if (problem === null) log.info("runs are durable again");
      });
      engine.on("slow", (run) => noteSlow(run, log));
      const alive = aliveRuns(engine);
      signals.onHurry = () => void engine.close({ running: "terminate" });
      signals.onAbandon = (signal) => noteAbandoned(signal, alive, log);
      const usable = await canRun(engine, configuration, logPath, { ...options, log });
      if (usable && signals.received === null)
        exitCode = await work(sessionOf(engine, output, signals, { ...options, log }));
    } finally {
      await engine.close();
    }
    // A reader that never comes back must not keep a command alive that was told to hurry.
    await Promise.race([output.flush(), signals.hurry]);
  } finally {
    signals.close();
  }
  return signals.received === null ? exitCode : dieOf(signals.received);
}

/** Tells of each run when it has ended. */
export function onEnded(engine: CallbackEngine, listener: (run: Run) => void): void {
  engine.on("run", (run) => {
    if (run.endedAt !== null) listener(run);
  });
}

function sessionOf(
  engine: CallbackEngine,
  output: StandardOutput,
  signals: StopSignals,
  { log, closing = "wait", state }: SessionOptions & { log: CommandLog },
): EngineSession {
  const begin = (stop: () => void) => (signal: StopSignal) => {
    stop();
    log.info(`${signal}: ${stopText(closing, engine.load, state !== undefined)}`, { signal, ...engine.load });
  };
  signals.onStop = begin(() => {});
  return {
    engine,
    output,
    log,
    onStop: (stop) => {
      signals.onStop = begin(stop);
    },
  };
}

async function canRun(
  engine: CallbackEngine,
  configuration: Configuration,
  logPath: string,
  { log, warnings, ...options }: SessionOptions & { log: CommandLog },
): Promise<boolean> {
  const { diagnostics, callbacks } = engine;
  log.diagnostics(warnings ? diagnostics : errorsOf(diagnostics));
  const verdict = isUsable(configuration, diagnostics, options);
  if (!verdict.usable) {
    log.error(verdict.reason);
    return false;
  }
  if (callbacks.length === 0) log.warn("there are no callbacks: no event fires anything");
  else await checkLogFolder(logPath, log);
  noteLimits(engine, log);
  return true;
}

/** The runs whose processes live, kept up to date. */
function aliveRuns(engine: CallbackEngine): ReadonlyMap<string, Run> {
  const alive = new Map<string, Run>();
  engine.on("run", (run) => {
    if (run.pid === null || run.endedAt !== null) alive.delete(run.id);
    else alive.set(run.id, run);
  });
  return alive;
}

function noteAbandoned(signal: StopSignal, alive: ReadonlyMap<string, Run>, log: CommandLog): void {
  for (const run of alive.values()) {
    const { id, callback, jobId, pid } = run;
    const text = `${signal}: ${callback} for job ${jobId} is left behind as process ${pid} (run ${id})`;
    log.warn(text, { ...fieldsOfRun(run), signal, process: pid });
  }
}

function noteSlow(run: Run, log: CommandLog): void {
  const { id, callback, jobId, startedAt, queuedAt } = run;
  const elapsed = Date.now() - (startedAt ?? queuedAt);
  const unit = elapsed < 10_000 ? 100 : 1000;
  const span = spanOfTime(Math.round(elapsed / unit) * unit);
  const text = `${callback} for job ${jobId} still runs after ${span}, a third of its timeout (run ${id})`;
  log.warn(text, { ...fieldsOfRun(run), elapsedMs: elapsed });
}
