import { stat } from "node:fs/promises";
import type { Bridge } from "../bridge/bridge.js";
import type { Callback } from "../config/configuration.js";
import { systemReason } from "../config/system-reason.js";
import { asUcbError, UcbError } from "../errors.js";
import type { Execution, Outcome } from "./execution.js";
import type { Interpreters } from "./interpreters.js";
import { jobLogPath, logHeader, logTrailer, runLogPath } from "./job-log.js";
import { pathHint } from "./launch-failure.js";
import type { Launcher, ProcessOutcome } from "./launcher.js";
import { lastingEnvironment, runEnvironment, type ScriptCommand, scriptCommand } from "./script-command.js";
import { scriptDescriptor, type TrustedScript, trustedScript } from "./trusted-script.js";
import type { WarmInterpreters } from "./warm.js";

/** What running scripts needs around it; one for an engine. */
export interface ScriptRoom {
  launcher: Launcher;
  warm: WarmInterpreters;
  bridge: Bridge;
  interpreters: Interpreters;
  logPath: string;
  /** Where the few variables come from that every program needs. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Between TERM and KILL. */
  killAfterMs: number;
  /** Whether another engine may go on with its processes. */
  durable: boolean;
}

/** Runs a Python or Perl callback as a detached process of its own and files its output. */
export async function runScript(callback: Callback, execution: Execution, room: ScriptRoom): Promise<Outcome> {
  const { run } = execution;
  const access = room.bridge.grant(run);
  try {
    const output = runLogPath(room.logPath, run);
    // Without waiting where that is possible: whoever starts many bounds the time it takes.
    const found = scriptCommand(callback, room.interpreters);
    const command = found instanceof Promise ? await found : found;
    const trusted = trustedScript(callback);
    const script = trusted instanceof Promise ? await trusted : trusted;
    const ended = await launch(callback, execution, room, command, script, output, access);
    return await fileOutput(execution, room, ended, callback.options.limits.output);
  } finally {
    room.bridge.revoke(run);
  }
}

function launch(
  callback: Callback,
  execution: Execution,
  room: ScriptRoom,
  command: ScriptCommand,
  script: TrustedScript,
  output: string,
  access: { socket: string; token: string },
): Promise<ProcessOutcome> {
  const { file, argv } = command;
  const { timeoutMs, nice, limits } = callback.options;
  const sharedEnv = lastingEnvironment(callback, room.environment);
  const env = runEnvironment(execution.run, access);
  if (script.passed === true) env.UCB_SCRIPT_DESCRIPTOR = String(scriptDescriptor);
  const { host, reason } = room.warm.choose(callback, command, sharedEnv);
  let whyCold = reason;
  return new Promise((resolve, reject) => {
    try {
      room.launcher.launch(
        {
          file,
          args: argv.slice(1),
          argv0: argv[0],
          sharedEnv,
          env,
          cwd: callback.directory,
          stdin: `${JSON.stringify(stdinDocument(callback, execution))}\n`,
          output,
          timeoutMs,
          slowAfterMs: Math.ceil(timeoutMs / 3),
          killAfterMs: room.killAfterMs,
          host: host ?? 0,
          identified: room.durable,
          script,
          nice,
          limits: { memory: limits.memory, files: limits.files, fileSize: limits.output },
        },
        {
          cold: (why) => {
            whyCold = why;
          },
          started: ({ pid, startTicks, startedAt, warm }) => {
            const { token } = access;
            const process = { pid, startTicks, startedAt, deadlineAt: startedAt + timeoutMs, token };
            execution.started({
              pid,
              log: output,
              warm: warm || (whyCold === null ? false : `no: ${whyCold}`),
              process,
            });
          },
          slow: () => execution.slow(),
          exited: resolve,
          failed: (error) => reject(blameScript(error, callback) ?? blameLog(error, room.logPath)),
        },
      );
    } catch (error) {
      reject(error);
    }
  });
}

/** Without copying one object into another, which costs each run more than the rest of this. */
function stdinDocument(callback: Callback, { run, job, work, subjob }: Execution) {
  const { name, type, jobId, extra } = run.eventFields;
  return {
    event: { name, type, jobId, extra, text: run.event },
    job,
    work,
    subjob,
    callback: { id: callback.id, file: callback.file, directory: callback.directory },
    run: { id: run.id, attempt: run.attempt },
  };
}

/** Moves the run's output into the job's log, and says how the run ended. */
export async function fileOutput(
  execution: Execution,
  room: ScriptRoom,
  ended: ProcessOutcome,
  outputLimit: number | null = null,
): Promise<Outcome> {
  const { run } = execution;
  const output = runLogPath(room.logPath, run);
  const log = jobLogPath(room.logPath, run.jobId);
  const ending = `${endingOf(ended)}${await outputFate(output, ended, outputLimit)}`;
  const outcome: Outcome = {
    state: stateOf(ended),
    exitCode: ended.exitCode,
    signal: ended.signal,
    durationMs: ended.durationMs,
    usage: ended.usage,
    log,
    reason: ended.exitCode === 0 && !ended.timedOut ? null : ending,
    code: ended.statusKnown || ended.timedOut ? null : "ERR_UCB_STATUS",
  };
  try {
    await room.launcher.appendLog({
      log,
      header: logHeader(run, ended.endedAt - ended.durationMs),
      bodyFile: output,
      trailer: logTrailer(run, ending, ended.durationMs),
    });
    return outcome;
  } catch (error) {
    const { message, code } = asUcbError(error, "ERR_UCB_LOG", "");
    const reason = `${outcome.reason === null ? "" : `${outcome.reason}; `}its output stays in ${output}: ${message}`;
    return { ...outcome, log: output, reason, code };
  }
}

function stateOf({ timedOut, exitCode, statusKnown }: ProcessOutcome): Outcome["state"] {
  if (timedOut) return "timed-out";
  if (!statusKnown) return "lost";
  return exitCode === 0 ? "succeeded" : "failed";
}

/** What `limit.output` has to do with the end: interpreters that ignore the signal for it just fail to print on. */
async function outputFate(output: string, { signal }: ProcessOutcome, limit: number | null): Promise<string> {
  if (limit === null) return "";
  const size = await stat(output).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size >= limit) return `, its output cut at limit.output, ${limit} bytes`;
  return signal === "SIGXFSZ" ? `, since a file it wrote reached limit.output, ${limit} bytes` : "";
}

function endingOf({ exitCode, signal, timedOut, statusKnown }: ProcessOutcome): string {
  const status = signal === null ? `exit ${exitCode}` : `killed by ${signal}`;
  const ending = statusKnown ? status : "ended in a way that the system did not tell";
  return timedOut ? `timed out, ${ending}` : ending;
}

/** What keeps a script from being opened, in terms of the script: its interpreter is not to blame. Null where nothing does. */
function blameScript(error: UcbError, { path: script }: Callback): UcbError | null {
  const { path, errno, syscall } = error;
  if (syscall !== "open" || path === undefined || errno === undefined || !absences.has(errno)) return null;
  if (path !== script && !script.startsWith(`${path}/`)) return null;
  const message = `${script} cannot be run: ${systemReason({ errno, at: path })}`;
  return new UcbError("ERR_UCB_LAUNCH", message, { cause: error, errno, syscall, path });
}

/** Errors that are about a path, and not about what the system has left. */
const absences: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EIO", "ESTALE", "ENAMETOOLONG"]);

/** A run whose output has no place to go never started; that is not the interpreter's fault. */
function blameLog(error: UcbError, logPath: string): UcbError {
  const { path, errno, syscall } = error;
  if (path === undefined || !(path === logPath || path.startsWith(`${logPath}/`) || logPath.startsWith(`${path}/`))) {
    return error;
  }
  return new UcbError("ERR_UCB_LOG", `its output cannot go below ${logPath}: ${syscall} ${path}: ${errno}`, {
    cause: error,
    errno,
    syscall,
    path,
    hint: pathHint(error) ?? "supervisor_logpath in qb.conf, or --logpath, names a folder that can be written",
  });
}
