import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Farm } from "./farm.js";
import type { FarmJob, FarmWork, Instance } from "./job.js";
import { expandCommand } from "./job-list.js";
import { type Slot, Slots } from "./slots.js";
import { type WorkEnd, WorkProcess } from "./work-process.js";

export interface Folders {
  /** Where commands run. */
  cwd: string;
  /** The file that receives what a work item's command prints. */
  logOf(job: FarmJob, work: FarmWork): string;
}

/** Gives slots to instances and work to instances that have one, and owns the processes that result. */
export class Dispatcher {
  readonly slots: Slots;
  readonly #farm: Farm;
  readonly #folders: Folders;
  readonly #processes = new Set<WorkProcess>();
  /** Whom the next free slot is promised to. */
  #first: FarmJob | null = null;
  #scheduled = false;
  #stopped = false;
  #quiet: (() => void)[] = [];

  constructor(farm: Farm, hosts: Readonly<Record<string, number>>, folders: Folders) {
    this.#farm = farm;
    this.slots = new Slots(hosts);
    this.#folders = folders;
  }

  /** Hands slots out soon: many changes of one moment cost one pass. The next free slot is for `first`. */
  wake(first: FarmJob | null = null): void {
    this.#first = first ?? this.#first;
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pass();
      this.check();
    });
  }

  /**
   * Ends what an instance runs. How the process ends no longer matters to anyone but its slot; what becomes of the work
   * item and the instance is for the caller to say. Returns the item, null if the instance had none.
   */
  takeAway(instance: Instance): FarmWork | null {
    const { work } = instance;
    if (work === null) return null;
    const { process } = work;
    instance.work = null;
    work.process = null;
    process?.stop();
    return work;
  }

  /** Whether nothing runs, or is about to, that could still change anything by itself. */
  get isQuiet(): boolean {
    if (this.#scheduled || this.#farm.undecided) return false;
    for (const process of this.#processes) if (!process.suspended) return false;
    return true;
  }

  /** Resolves when nothing runs, at once if that is so now. */
  quiet(): Promise<void> {
    return new Promise((resolve) => {
      this.#quiet.push(resolve);
      this.check();
    });
  }

  /** Tells those who wait for quiet, if it is. */
  check(): void {
    if (!this.isQuiet) return;
    const waiting = this.#quiet;
    this.#quiet = [];
    for (const resolve of waiting) resolve();
  }

  stop(): void {
    this.#stopped = true;
    for (const process of this.#processes) process.kill();
  }

  #pass(): void {
    if (this.#stopped) return;
    const first = this.#first;
    const waiting = [...this.#farm.jobs.values()]
      .filter(({ status }) => status === "pending" || status === "running")
      .sort(
        (a, b) => Number(b === first) - Number(a === first) || b.spec.priority - a.spec.priority || a.order - b.order,
      );
    for (const job of waiting) this.#give(job);
  }

  #give(job: FarmJob): void {
    for (const instance of job.instances) {
      const work = job.nextWork();
      if (work === undefined) return;
      if (!instance.takesWork) continue;
      const slot = this.slots.take(`${job.id}.${instance.id}`, instance.avoidHost);
      if (slot === undefined) return;
      if (job === this.#first) this.#first = null;
      instance.host = slot.host;
      instance.avoidHost = "";
      this.#farm.reportInstance("assigned", job, instance);
      this.#farm.reportHost("assigned", job, slot.host);
      this.#start(job, instance, work, slot);
    }
  }

  #start(job: FarmJob, instance: Instance, work: FarmWork, slot: Slot): void {
    work.count++;
    work.instance = instance;
    work.exitCode = null;
    work.signal = null;
    instance.work = work;
    if (work.result !== null) mkdirSync(dirname(work.result), { recursive: true });
    const values = { frame: work.name, result: work.result ?? "", attempt: String(work.count) };
    const process = new WorkProcess(
      {
        argv: expandCommand(work.spec.command, values),
        cwd: this.#folders.cwd,
        env: commandEnvironment(job, instance),
        log: this.#folders.logOf(job, work),
        timeout: work.spec.timeout,
      },
      {
        timeout: () => this.#farm.reportWork("timeout", job, work),
        ended: (end) => this.#ended(process, slot, job, instance, work, end),
      },
    );
    this.#processes.add(process);
    work.process = process;
    this.#farm.setJob(job, "running");
    this.#farm.setInstance(job, instance, "running");
    this.#farm.setWork(job, work, "running");
  }

  #ended(process: WorkProcess, slot: Slot, job: FarmJob, instance: Instance, work: FarmWork, end: WorkEnd): void {
    this.#processes.delete(process);
    if (work.process === process && !this.#stopped) {
      work.process = null;
      instance.work = null;
      instance.count++;
      work.exitCode = end.exitCode;
      work.signal = end.signal;
      const reason = reasonOf(end, work);
      this.#farm.setWork(job, work, reason === null ? "complete" : "failed", reason);
      if (this.#goesOn(job, instance, slot)) return;
      this.#farm.settle(job);
    }
    this.slots.release(slot);
    this.wake();
    this.check();
  }

  /** Lets an instance that has done its item take the next one in the same slot; otherwise it gives the slot up. */
  #goesOn(job: FarmJob, instance: Instance, slot: Slot): boolean {
    if (instance.status !== "running") return false;
    const next = job.nextWork();
    if (next !== undefined && job.status === "running") {
      this.#start(job, instance, next, slot);
      return true;
    }
    this.#farm.setInstance(job, instance, next === undefined ? "complete" : "pending");
    return false;
  }
}

function reasonOf(end: WorkEnd, work: FarmWork): string | null {
  if (end.error !== null) return end.error;
  if (end.timedOut) return `not finished after ${work.spec.timeout} s`;
  if (end.signal !== null) return `killed by ${end.signal}`;
  return end.exitCode === 0 ? null : `exit ${end.exitCode}`;
}

/** What a command needs of ours to run, and nothing else. */
function commandEnvironment(job: FarmJob, instance: Instance): Record<string, string> {
  const environment: Record<string, string> = { QBJOBID: String(job.id), QBSUBID: String(instance.id) };
  for (const name of ["PATH", "HOME", "LANG", "TZ"]) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}
