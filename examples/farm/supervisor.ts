import { type Action, type Job, type JobQuery, matchJobs, type Supervisor } from "universal-callbacks";
import type { Farm } from "./farm.js";
import type { FarmJob, FarmWork, Instance } from "./job.js";
import { parseJob } from "./job-list.js";
import { jobVerbs } from "./job-verbs.js";
import { subjobVerbs } from "./subjob-verbs.js";
import { workVerbs } from "./work-verbs.js";

/** What callbacks may ask of the farm. Whatever is thrown here is raised in the callback that asked, with its message. */
export class FarmSupervisor implements Supervisor {
  readonly #farm: Farm;

  constructor(farm: Farm) {
    this.#farm = farm;
  }

  jobInfo(query: JobQuery): Job[] {
    const parts = { agenda: true, subjobs: true, callbacks: true };
    return matchJobs(
      [...this.#farm.jobs.values()].map((job) => job.record(parts)),
      query,
    );
  }

  /** All ids are looked up before anything is done: an action with a wrong one changes nothing. */
  perform({ verb, target, ids }: Action): string[] {
    const changes = ids.map((id) => {
      if (target === "job") {
        const job = this.#job(id);
        return { id, change: () => jobVerbs[verb](job, this.#farm) };
      }
      if (target === "subjob") {
        const { job, instance } = this.#instance(id);
        return { id, change: () => subjobVerbs[verb](instance, job, this.#farm) };
      }
      const { job, work } = this.#work(id);
      return { id, change: () => workVerbs[verb](work, job, this.#farm) };
    });
    return changes.filter(({ change }) => change()).map(({ id }) => id);
  }

  /** A job as in a job list, but with `pid` and `pgrp` given as ids of jobs. */
  submit(job: Record<string, unknown>): Job {
    const spec = parseJob(job, (reference) => {
      if (typeof reference === "number" && this.#farm.jobs.has(reference)) return reference;
      throw new Error(`there is no job ${reference}`);
    });
    return this.#farm.submit(spec).record({ agenda: true, subjobs: true });
  }

  /** Hosts that fit every field of the query; a list of values means any of them. */
  hostInfo(query: Record<string, unknown>): Record<string, unknown>[] {
    const fits = (host: Record<string, unknown>) =>
      Object.entries(query).every(([field, wanted]) => [wanted].flat().map(String).includes(String(host[field])));
    return this.#farm.dispatcher.slots.records().filter(fits);
  }

  #job(id: string): FarmJob {
    const job = this.#farm.jobs.get(Number(id));
    if (job === undefined) throw new Error(`there is no job ${id}`);
    return job;
  }

  /** `1001.2` */
  #instance(id: string): { job: FarmJob; instance: Instance } {
    const [jobId = "", index = ""] = id.split(".");
    const job = this.#job(jobId);
    const instance = job.instances.find((candidate) => String(candidate.id) === index);
    if (instance === undefined) throw new Error(`job ${jobId} has no instance "${index}"`);
    return { job, instance };
  }

  /** `1001:17`; the name of an item may hold colons itself. */
  #work(id: string): { job: FarmJob; work: FarmWork } {
    const colon = id.indexOf(":");
    const jobId = colon < 0 ? id : id.slice(0, colon);
    const name = colon < 0 ? "" : id.slice(colon + 1);
    const job = this.#job(jobId);
    const work = job.agenda.find((candidate) => candidate.name === name);
    if (work === undefined) throw new Error(`job ${jobId} has no work item "${name}"`);
    return { job, work };
  }
}
