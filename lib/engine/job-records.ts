import { matchJobs } from "../bridge/job-query.js";
import type { Job, JobQuery } from "../bridge/supervisor.js";

/** The records that events carried, of jobs between submit and removed. */
export class JobRecords {
  readonly #jobs = new Map<number, Job>();

  get(id: number): Job | undefined {
    return this.#jobs.get(id);
  }

  /** Keeps what is newly known of a job; fields not given keep their value. */
  update(job: Job): void {
    const known = this.#jobs.get(job.id);
    this.#jobs.set(job.id, { ...known, ...job });
  }

  delete(id: number): void {
    this.#jobs.delete(id);
  }

  all(): Iterable<Job> {
    return this.#jobs.values();
  }

  find(query: JobQuery): Job[] {
    return matchJobs([...this.#jobs.values()], query);
  }
}
