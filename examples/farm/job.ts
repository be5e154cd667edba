import type { Job, Subjob, Work } from "universal-callbacks";
import type { JobSpec, WorkSpec } from "./job-list.js";
import { type EndStatus, isEnded, type Status } from "./status.js";
import type { WorkProcess } from "./work-process.js";

/** An item of a job's agenda. */
export class FarmWork {
  status: Status = "pending";
  /** How often it was started. */
  count = 0;
  /** How often it was asked to be tried again. */
  retries = 0;
  /** The instance that runs it, or ran it last. */
  instance: Instance | null = null;
  /** Its process while it runs; null as soon as the farm no longer cares how that process ends. */
  process: WorkProcess | null = null;
  exitCode: number | null = null;
  signal: string | null = null;
  reason: string | null = null;
  /** `result` is the absolute path of the file it is to write, null if it promises none. */
  constructor(
    readonly spec: WorkSpec,
    readonly result: string | null,
  ) {}

  get name(): string {
    return this.spec.name;
  }

  record(): Work {
    return {
      name: this.name,
      id: this.name,
      status: this.status,
      host: this.instance?.host ?? "",
      subid: this.instance?.id ?? null,
      count: this.count,
      retry: this.retries,
      result: this.result,
      resultpackage: { exitcode: this.exitCode, signal: this.signal },
      reason: this.reason,
    };
  }
}

/** An instance of a job: takes a slot and does one work item after the other. */
export class Instance {
  status: Status = "pending";
  host = "";
  /** A host it was sent away from. */
  avoidHost = "";
  /** How many work items it has done. */
  count = 0;
  /** Ended by a verb: unlike one that merely ran out of work, it takes no more. */
  retired = false;
  work: FarmWork | null = null;

  constructor(
    readonly id: number,
    readonly jobId: number,
  ) {}

  /** Whether it takes, or may take, work: also one that is held up for now. */
  get usable(): boolean {
    return !this.retired && (this.status === "complete" || !isEnded(this.status));
  }

  get takesWork(): boolean {
    return this.work === null && !this.retired && (this.status === "pending" || this.status === "complete");
  }

  record(): Subjob {
    return { id: this.id, pid: this.jobId, host: this.host, status: this.status, count: this.count };
  }
}

export class FarmJob {
  status: Status;
  /** Among jobs of one priority the smaller goes first. */
  order: number;
  agenda: FarmWork[];
  instances: Instance[];
  reason: string | null = null;
  /** Unix seconds, 0 where it has not happened. */
  readonly timeSubmit = now();
  timeStart = 0;
  timeComplete = 0;

  constructor(
    readonly id: number,
    readonly spec: JobSpec,
    agenda: FarmWork[],
  ) {
    this.status = spec.status;
    this.order = id;
    this.agenda = agenda;
    this.instances = Array.from({ length: spec.cpus }, (_, index) => new Instance(index, id));
  }

  get ended(): boolean {
    return isEnded(this.status);
  }

  get pgrp(): number {
    return this.spec.pgrp ?? this.id;
  }

  nextWork(): FarmWork | undefined {
    return this.agenda.find((work) => work.status === "pending");
  }

  hasOpenWork(): boolean {
    return this.agenda.some((work) => !isEnded(work.status));
  }

  running(): Instance[] {
    return this.instances.filter((instance) => instance.work !== null);
  }

  /** How the job ends when all its work has ended. */
  verdict(): EndStatus {
    const has = (status: Status) => this.agenda.some((work) => work.status === status);
    if (has("failed")) return "failed";
    return has("killed") ? "killed" : "complete";
  }

  /** What callbacks see. Events carry the short form: an agenda may be long, and is there for those who ask. */
  record(parts: { agenda?: boolean; subjobs?: boolean; callbacks?: boolean } = {}): Job {
    const { name, label, user, priority, cpus, mailaddress, pid, fields } = this.spec;
    return {
      ...fields,
      id: this.id,
      name,
      label,
      status: this.status,
      user,
      priority,
      cpus,
      pid: pid ?? 0,
      pgrp: this.pgrp,
      ...(mailaddress === null ? {} : { mailaddress }),
      reason: this.reason,
      timesubmit: this.timeSubmit,
      timestart: this.timeStart,
      timecomplete: this.timeComplete,
      todotally: tally(this.agenda),
      cpustally: tally(this.instances),
      ...(parts.agenda === true ? { agenda: this.agenda.map((work) => work.record()) } : {}),
      ...(parts.subjobs === true ? { subjobs: this.instances.map((instance) => instance.record()) } : {}),
      ...(parts.callbacks === true ? { callbacks: [] } : {}),
    };
  }
}

export function now(): number {
  return Math.floor(Date.now() / 1000);
}

function tally(items: readonly { status: Status }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of items) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
