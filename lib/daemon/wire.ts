import type { Action } from "../bridge/supervisor.js";
import type { UcbError } from "../errors.js";
import type { Run } from "../execute/run.js";

/** What programs are told of a run when it has ended. */
export function runLine(run: Run): object {
  const { id, callback, event, jobId, state, pid, exitCode, signal, durationMs, log, reason } = run;
  return { run: { id, callback, event, jobId, state, pid, exitCode, signal, durationMs, log, reason } };
}

/** What programs are told of a callback's demand. */
export function actionLine({ verb, target, ids, by }: Action): object {
  return { action: { verb, target, ids, run: by.id } };
}

/** A line, counted from 1, that cannot be taken. */
export function errorLine(line: number, { message, code, hint }: UcbError): object {
  return { error: { line, message, code, ...(hint === undefined ? {} : { hint }) } };
}
