import { EventEmitter } from "node:events";
import { mkdirSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { EngineEvent } from "universal-callbacks";
import { Dispatcher } from "./dispatcher.js";
import { FarmJob, FarmWork, type Instance, now } from "./job.js";
import type { JobSpec } from "./job-list.js";
import { type EndStatus, eventNameOf, isEnded, type Status } from "./status.js";

export interface FarmOptions {
  /** Slots of each host: how many processes run there at once. */
  hosts: Readonly<Record<string, number>>;
  /** Folder for `project` (where commands run and results go) and `jobs` (what commands print). Absolute. */
  output: string;
  /** Id of the first job; the others count on. Default 1001. */
  firstId?: number;
  /** How long a verdict waits for callbacks at most, in milliseconds. Default 15000. */
  graceMs?: number;
}

export interface FarmEvents {
  /** Something happened: for the engine, and for whoever shows progress. */
  event: [event: EngineEvent];
}

/**
 * Jobs and what becomes of them. One rule holds throughout: each change of a status is an event, told right after the
 * change. Whoever changes something calls {@link settle}, or the dispatcher's `wake`, afterwards
 * to let the farm draw its conclusions.
 */
export class Farm extends EventEmitter<FarmEvents> {
  readonly jobs = new Map<number, FarmJob>();
  readonly dispatcher: Dispatcher;
  /** Whether callbacks that work of this job has fired are still running: one of them may ask for another try. */
  callbacksPending: (jobId: number) => boolean = () => false;
  readonly #projectFolder: string;
  readonly #jobsFolder: string;
  readonly #graceMs: number;
  /** Jobs whose verdict waits for callbacks, with what ends the waiting. */
  readonly #held = new Map<FarmJob, NodeJS.Timeout>();
  readonly #waitedEnough = new Set<FarmJob>();
  #nextId: number;

  constructor(options: FarmOptions) {
    super();
    this.#nextId = options.firstId ?? 1001;
    this.#graceMs = options.graceMs ?? 15_000;
    this.#projectFolder = join(options.output, "project");
    this.#jobsFolder = join(options.output, "jobs");
    mkdirSync(this.#projectFolder, { recursive: true });
    this.dispatcher = new Dispatcher(this, options.hosts, {
      cwd: this.#projectFolder,
      logOf: (job, work) => join(this.#jobsFolder, String(job.id), `${encodeURIComponent(work.name)}.log`),
    });
  }

  submit(spec: JobSpec): FarmJob {
    const id = this.#nextId++;
    mkdirSync(join(this.#jobsFolder, String(id)), { recursive: true });
    const agenda = spec.agenda.map((work) => new FarmWork(work, this.#resultOf(work.result)));
    const job = new FarmJob(id, spec, agenda);
    this.jobs.set(id, job);
    this.report("submit", job);
    this.report(eventNameOf(job.status), job);
    this.dispatcher.wake();
    return job;
  }

  /** Ends what the job still does and forgets it. */
  remove(job: FarmJob): void {
    for (const instance of job.running()) this.dispatcher.takeAway(instance);
    this.#release(job);
    this.jobs.delete(job.id);
    this.report("removed", job);
    this.dispatcher.wake();
  }

  report(name: string, job: FarmJob): void {
    this.emit("event", { name, type: "job", jobId: job.id, job: job.record() });
  }

  reportInstance(name: string, job: FarmJob, instance: Instance): void {
    const subjob = instance.record();
    this.emit("event", { name, type: "subjob", jobId: job.id, extra: instance.id, job: job.record(), subjob });
  }

  reportWork(name: string, job: FarmJob, work: FarmWork): void {
    this.emit("event", {
      name,
      type: "work",
      jobId: job.id,
      extra: work.name,
      job: job.record(),
      work: work.record(),
    });
  }

  reportHost(name: string, job: FarmJob, host: string): void {
    this.emit("event", { name, type: "host", jobId: job.id, extra: host, job: job.record() });
  }

  /** The setters answer whether there was anything to change. */
  setJob(job: FarmJob, status: Status, reason: string | null = null): boolean {
    if (job.status === status) return false;
    job.status = status;
    job.reason = reason;
    if (status === "running" && job.timeStart === 0) job.timeStart = now();
    job.timeComplete = isEnded(status) ? now() : 0;
    this.report(eventNameOf(status), job);
    return true;
  }

  setInstance(job: FarmJob, instance: Instance, status: Status): boolean {
    if (instance.status === status) return false;
    instance.status = status;
    this.reportInstance(eventNameOf(status), job, instance);
    return true;
  }

  setWork(job: FarmJob, work: FarmWork, status: Status, reason: string | null = null): boolean {
    if (work.status === status) return false;
    work.status = status;
    work.reason = reason;
    this.reportWork(eventNameOf(status), job, work);
    return true;
  }

  /** Ends a job with everything in it that has not ended. */
  end(job: FarmJob, status: EndStatus, reason: string | null = null): boolean {
    if (!this.setJob(job, status, reason)) return false;
    for (const instance of job.running()) this.dispatcher.takeAway(instance);
    for (const work of job.agenda) if (!isEnded(work.status)) this.setWork(job, work, status, reason);
    for (const instance of job.instances) if (!isEnded(instance.status)) this.setInstance(job, instance, status);
    this.#release(job);
    this.dispatcher.wake();
    return true;
  }

  /** Lets a job that has ended take work again. */
  reopen(job: FarmJob): void {
    for (const instance of job.instances) {
      instance.retired = false;
      if (isEnded(instance.status)) this.setInstance(job, instance, "pending");
    }
    if (job.ended) this.setJob(job, "pending");
    this.dispatcher.wake();
  }

  /** Puts a work item back into the queue, ending what it does; the job goes on if it had ended. */
  putBack(job: FarmJob, work: FarmWork): boolean {
    if (work.process !== null && work.instance !== null) this.dispatcher.takeAway(work.instance);
    const changed = this.setWork(job, work, "pending");
    if (changed && job.ended) this.reopen(job);
    this.dispatcher.wake();
    return changed;
  }

  /** Takes an instance's slot and work away; both wait for their next turn. */
  interrupt(job: FarmJob, instance: Instance): boolean {
    const work = this.dispatcher.takeAway(instance);
    if (work === null) return false;
    this.setWork(job, work, "pending");
    this.setInstance(job, instance, "pending");
    if (job.status === "running" && job.running().length === 0) this.setJob(job, "pending");
    this.dispatcher.wake();
    return true;
  }

  /** Concludes how a job ends, if nothing is left to do in it or nobody is left to do it. */
  settle(job: FarmJob): void {
    if (this.jobs.get(job.id) !== job) return;
    if (job.hasOpenWork()) {
      this.#release(job);
      if (job.status === "running" && job.running().length === 0) this.setJob(job, "pending");
      this.#endIfStranded(job);
      return;
    }
    if (!job.ended && this.#mustWait(job)) return;
    this.#release(job);
    if (job.status === "killed") return;
    const verdict = job.verdict();
    const bad = job.agenda.filter((work) => work.status === verdict).length;
    const reason = verdict === "complete" ? null : `${bad} of ${job.agenda.length} work items ${verdict}`;
    for (const instance of job.instances) if (!isEnded(instance.status)) this.setInstance(job, instance, "complete");
    this.setJob(job, verdict, reason);
    this.dispatcher.wake();
  }

  /** Whether a verdict waits for callbacks. */
  get undecided(): boolean {
    return this.#held.size > 0;
  }

  /** Ends everything at once, without a word: for leaving in a hurry. */
  stop(): void {
    for (const job of this.#held.keys()) this.#release(job);
    this.dispatcher.stop();
  }

  /** Without an instance that could take it, open work would wait for ever: the job ends as its instances did. */
  #endIfStranded(job: FarmJob): void {
    if (job.ended || job.instances.some((instance) => instance.usable)) return;
    const statuses = job.instances.map((instance) => instance.status).filter(isEnded);
    this.end(job, statuses.find((status) => status !== "complete") ?? "complete", "no instance is left");
  }

  #mustWait(job: FarmJob): boolean {
    if (this.#waitedEnough.has(job) || !this.callbacksPending(job.id)) return false;
    if (!this.#held.has(job)) {
      const giveUp = () => {
        this.#held.delete(job);
        this.#waitedEnough.add(job);
        this.settle(job);
      };
      this.#held.set(job, setTimeout(giveUp, this.#graceMs));
    }
    return true;
  }

  #release(job: FarmJob): void {
    clearTimeout(this.#held.get(job));
    this.#held.delete(job);
    this.#waitedEnough.delete(job);
    this.dispatcher.check();
  }

  #resultOf(result: string | null): string | null {
    if (result === null || isAbsolute(result)) return result;
    return join(this.#projectFolder, result);
  }
}
