import { matchJobs } from "../bridge/job-query.js";
import type { Job, JobQuery } from "../bridge/supervisor.js";

/** The records that events carried, of jobs between submit and removed. */
export class JobRecords {
  readonly #jobs = new Map<number, Job>();
  /** Called before a job becomes known that was not. */
  onNew: (id: number) => void = () => undefined;

  get(id: number): Job | undefined {
    return this.#jobs.get(id);
  }

  /** Keeps what is newly known of a job; fields not given keep their value. */
  update(job: Job): void {
    const known = this.#jobs.get(job.id);
    if (known === undefined) this.onNew(job.id);
    this.#jobs.set(job.id, { ...known, ...job });
  }

  delete(id: number): void {
    this.#jobs.delete(id);
  }

  has(id: number): boolean {
    return this.#jobs.has(id);
  }

  /** In the order in which they became known; jobs may come and go while this is read. */
  ids(): Iterable<number> {
    return this.#jobs.keys();
  }

  all(): Iterable<Job> {
    return this.#jobs.values();
  }

  find(query: JobQuery): Job[] {
    return matchJobs([...this.#jobs.values()], query);
  }
}
