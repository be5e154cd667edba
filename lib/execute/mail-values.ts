import { hostname, userInfo } from "node:os";
import type { Job } from "../bridge/supervisor.js";
import type { MailVariable } from "../config/mail-variables.js";
import type { Execution } from "./execution.js";

/** A mail is for people: a value of this many characters says enough. */
const longest = 10_000;

/** Fields of a record that a mail shows. */
type Fields = Readonly<Record<string, unknown>>;

/** What the variables of templates stand for in the mail of one run. */
export class MailValues {
  readonly #job: Job;
  readonly #work: Fields;
  readonly #subjob: Fields;
  readonly #triggers: string;

  constructor(execution: Execution, triggers: string) {
    this.#job = execution.job;
    this.#work = workOf(execution);
    this.#subjob = subjobOf(execution);
    this.#triggers = triggers;
  }

  of(variable: MailVariable): string {
    const text = this.#text(variable);
    return text.length <= longest ? text : `${text.slice(0, longest)}…`;
  }

  #text(variable: MailVariable): string {
    const job = this.#job;
    switch (variable) {
      case "HOST":
        return hostname();
      case "USER":
        return ownName();
      case "TRIGGERS":
        return this.#triggers;
      case "JOB_FLAGS":
        return textOf(job.flagsstring ?? job.flags);
      case "JOB_PGRP":
        return textOf(job.pgrp || job.id);
      case "JOB_PID":
        return textOf(job.pid || undefined);
      case "JOB_TIMESUBMIT":
      case "JOB_TIMESTART":
      case "JOB_TIMECOMPLETE":
        return momentOf(job[variable.slice(4).toLowerCase()]);
      case "JOB_TIMEELAPSED":
        return elapsedOf(job);
      default:
        return this.#field(variable);
    }
  }

  #field(variable: MailVariable): string {
    const dash = variable.indexOf("_");
    const field = variable.slice(dash + 1).toLowerCase();
    const prefix = variable.slice(0, dash);
    const record: Fields = prefix === "WORK" ? this.#work : prefix === "SUBJOB" ? this.#subjob : this.#job;
    return textOf(record[field]);
  }
}

/** What is known of the event's work item; its name at least, if the event is about one. */
export function workOf({ run, job, work }: Execution): Fields {
  const { type, extra } = run.eventFields;
  if (type !== "work") return work ?? {};
  const known = (Array.isArray(job.agenda) ? job.agenda : []).find(
    ({ name, id }) => name === extra || String(id) === extra,
  );
  return { name: extra, ...known, ...work };
}

export function subjobOf({ run, job, subjob }: Execution): Fields {
  const { type, extra } = run.eventFields;
  if (type !== "subjob") return subjob ?? {};
  const known = (Array.isArray(job.subjobs) ? job.subjobs : []).find(({ id }) => String(id) === extra);
  return { id: extra, ...known, ...subjob };
}

/** Unix seconds as a moment in UTC; empty for what is none, 0 included. */
export function momentOf(seconds: unknown): string {
  const time = timeOf(seconds) * 1000;
  return time > 0 && time <= 8.64e15 ? new Date(time).toISOString().replace(/\.\d+Z$/, "Z") : "";
}

function elapsedOf(job: Job): string {
  const start = timeOf(job.timestart);
  if (start <= 0) return "";
  const end = timeOf(job.timecomplete) || Date.now() / 1000;
  const seconds = Math.max(0, Math.round(end - start));
  const two = (number: number) => String(number).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function timeOf(seconds: unknown): number {
  const time = typeof seconds === "number" || typeof seconds === "string" ? Number(seconds) : 0;
  return Number.isFinite(time) ? time : 0;
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value) && value.every((each) => typeof each !== "object")) return value.join(", ");
  return JSON.stringify(value);
}

/** An account may have no name. */
function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.geteuid?.() ?? "");
  }
}
