import type { Action } from "../bridge/supervisor.js";
import type { UcbError } from "../errors.js";
import type { Run } from "../execute/run.js";

/** What programs are told of a run when it has ended. */
export function runLine(run: Run): object {
  const { id, callback, event, jobId, state, pid, exitCode, signal, durationMs, log, reason, warm } = run;
  const told = { id, callback, event, jobId, state, pid, exitCode, signal, durationMs, log, reason };
  return { run: { ...told, ...coldOf(warm) } };
}

/** What programs are told of a callback's demand. */
export function actionLine({ verb, target, ids, by }: Action): object {
  return { action: { verb, target, ids, run: by.id } };
}

/** A line, counted from 1, that cannot be taken; `place` is where in a file of the site the cause is, if it is there. */
export function errorLine(line: number, { message, code, hint, file, line: at, column }: UcbError): object {
  const place = file === undefined ? {} : { place: { file, line: at, column } };
  return { error: { line, message, code, ...(hint === undefined ? {} : { hint }), ...place } };
}

/** Only what should have been warm and was not: of all others nobody need know. */
function coldOf(warm: boolean | string | undefined): { warm?: string } {
  return typeof warm === "string" ? { warm } : {};
}
