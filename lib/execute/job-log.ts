/// <reference lib="es2024.string" />
import { join } from "node:path";
import type { Run } from "./run.js";

/** Of an event in a header, in characters. */
const longestEvent = 1000;

/** Where a job's runs leave their output: `<logPath>/job/<id rounded down to a thousand>/<id>/<id>.cb`. */
export function jobLogPath(logPath: string, jobId: number): string {
  return `${jobLogFolder(logPath, jobId)}/${jobId}.cb`;
}

/** The file of a run's own that receives its output while it runs, beside the job's log. */
export function runLogPath(logPath: string, run: Run): string {
  return `${jobLogFolder(logPath, run.jobId)}/${run.id}.out`;
}

/** The line in front of a run's output in the job's log. */
export function logHeader(run: Run, startedAt: number): string {
  const attempt = run.attempt === 1 ? "" : ` attempt ${run.attempt}`;
  return `=== run ${run.id} ${oneLine(run.callback)} on ${oneLine(shortened(run.event))}${attempt} at ${new Date(startedAt).toISOString()}\n`;
}

/** The line behind it. `ending` says how it ended, `exit 0` or `killed by SIGKILL`; the duration is null if nobody knows. */
export function logTrailer(run: Run, ending: string, durationMs: number | null): string {
  const after = durationMs === null ? "" : ` after ${(durationMs / 1000).toFixed(3)} s`;
  return `=== end ${run.id} ${oneLine(ending)}${after}\n`;
}

function jobLogFolder(logPath: string, jobId: number): string {
  if (lastBase.logPath !== logPath) lastBase = { logPath, folder: join(logPath, "job") };
  return `${lastBase.folder}/${jobId - (jobId % 1000)}/${jobId}`;
}

/** An engine asks with the same path for each of its runs. */
let lastBase = { logPath: "", folder: "" };

/** A header is for people; the document on standard input has all of it. */
function shortened(event: string): string {
  return event.length <= longestEvent ? event : `${event.slice(0, longestEvent - 3).toWellFormed()}...`;
}

/** Names and events come from outside and must not forge lines of the log. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
