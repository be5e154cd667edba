import { join } from "node:path";
import type { Run } from "universal-callbacks";
import { colors } from "./colors.js";
import type { Failure } from "./failures.js";
import type { Folders } from "./folders.js";
import type { FarmJob } from "./job.js";
import type { CallbackRecord, Journal } from "./journal.js";
import type { ReceivedMail } from "./mail-server.js";
import { colored } from "./progress.js";

/** How many runs that went wrong are shown of one callback. */
const mostBad = 5;

export interface Findings {
  journal: Journal;
  mails: readonly ReceivedMail[];
  /** What stands in the failure database; null if there is none. */
  failures: readonly Failure[] | null;
  folders: Folders;
  /** Whether the example's own callbacks ran. */
  ownCallbacks: boolean;
}

/** What ran, what each callback did and where everything is, for people. */
export function renderSummary({ journal, mails, failures, folders, ownCallbacks }: Findings): string {
  const { jobs, callbacks } = journal;
  const nameWidth = Math.max(...jobs.map(({ job }) => job.spec.name.length));
  const callbackWidth = Math.max(...callbacks.map(({ callback }) => callback.length));
  const places: [string, string][] = [
    ["what work wrote", folders.project],
    ["what work printed", join(folders.jobs, "JOB", "WORK.log")],
    ["what callbacks printed", join(folders.log, "job", "*", "JOB", "JOB.cb")],
    ["mails", folders.mail],
    ...(ownCallbacks ? [["jobs submitted", folders.submitted] as [string, string]] : []),
    ...(failures === null ? [] : [["failure database", folders.failures] as [string, string]]),
    ["configuration", folders.qbConf],
  ];
  return [
    section(
      "Jobs",
      jobs.map(({ job, removed }) => jobLine(job, removed, nameWidth)),
    ),
    section(
      "Callbacks",
      callbacks.flatMap((record) => callbackLines(record, callbackWidth)),
    ),
    section(
      `Mails received: ${mails.length}`,
      mails.map(({ to, subject }) => `${to}: ${subject}`),
    ),
    ...(failures === null
      ? []
      : [section(`Rows in the failure database: ${failures.length}`, failures.map(failureLine))]),
    section(
      "Where to look",
      places.map(([what, path]) => `${what.padEnd(22)}  ${path}`),
    ),
  ].join("\n");
}

function section(title: string, lines: readonly string[]): string {
  const body = lines.length === 0 ? ["none"] : lines;
  return `${colors.bold(title)}\n${body.map((line) => `  ${line}\n`).join("")}`;
}

function jobLine(job: FarmJob, removed: boolean, width: number): string {
  const complete = job.agenda.filter(({ status }) => status === "complete").length;
  const again = job.agenda.reduce((sum, { count }) => sum + Math.max(0, count - 1), 0);
  const details = [
    `${complete} of ${job.agenda.length} work items complete`,
    ...(again === 0 ? [] : [`${again} more ${again === 1 ? "attempt" : "attempts"}`]),
    ...(job.reason === null ? [] : [job.reason]),
  ];
  const status = removed ? "removed" : job.status;
  return `${job.id}  ${job.spec.name.padEnd(width)}  ${colored(status, 9)}  ${details.join(", ")}`;
}

function callbackLines(record: CallbackRecord, width: number): string[] {
  const runs = `${String(record.runs).padStart(3)} ${record.runs === 1 ? "run, " : "runs,"}`;
  const bad = record.bad.length === 0 ? "" : `, ${colors.red(`${record.bad.length} went wrong`)}`;
  const asked = [...record.asked].map(([request, times]) => (times === 1 ? request : `${request} (${times} times)`));
  const indent = " ".repeat(width + 2);
  return [
    `${record.callback.padEnd(width)}  ${runs} ${record.succeeded} succeeded${bad}`,
    ...asked.map((request) => `${indent}asked: ${request}`),
    ...record.bad.slice(0, mostBad).map((run) => `${indent}${badLine(run)}`),
    ...(record.bad.length > mostBad ? [`${indent}and ${record.bad.length - mostBad} more`] : []),
  ];
}

function badLine({ state, event, reason, log }: Run): string {
  const place = log === null ? "" : ` (${log})`;
  return `${colors.red(state)} on ${event}${reason === null ? "" : `: ${reason}`}${place}`;
}

function failureLine({ time, jobid, name, user, event }: Failure): string {
  return `${time}  ${jobid}  ${name} (${user})  ${event}`;
}
