import type { Verb } from "universal-callbacks";
import type { Farm } from "./farm.js";
import type { FarmJob } from "./job.js";

/** What a verb does to a job; answers whether it changed anything. */
export type JobVerb = (job: FarmJob, farm: Farm) => boolean;

export const jobVerbs: Record<Verb, JobVerb> = {
  /** What runs may end; nothing new begins. */
  block: (job, farm) => (job.status === "pending" || job.status === "running") && farm.setJob(job, "blocked"),

  unblock: (job, farm) => {
    if (job.status !== "blocked") return false;
    farm.setJob(job, job.running().length > 0 ? "running" : "pending");
    farm.dispatcher.wake();
    return true;
  },

  kill: (job, farm) => !job.ended && farm.end(job, "killed"),
  complete: (job, farm) => farm.end(job, "complete"),
  fail: (job, farm) => farm.end(job, "failed"),

  remove: (job, farm) => {
    farm.remove(job);
    return true;
  },

  /** Runs again what failed or was killed. */
  retry: (job, farm) => {
    if (job.status !== "failed" && job.status !== "killed") return false;
    farm.reopen(job);
    for (const work of job.agenda) {
      if (work.status !== "failed" && work.status !== "killed") continue;
      work.retries++;
      farm.putBack(job, work);
    }
    return true;
  },

  /** Runs everything again from the start. */
  requeue: (job, farm) => {
    for (const work of job.agenda) farm.putBack(job, work);
    farm.reopen(job);
    for (const instance of job.instances) farm.setInstance(job, instance, "pending");
    farm.setJob(job, "pending");
    return true;
  },

  suspend: (job, farm) => {
    if (job.status !== "pending" && job.status !== "running") return false;
    farm.setJob(job, "suspended");
    for (const instance of job.running()) {
      instance.work?.process?.suspend();
      if (instance.work !== null) farm.setWork(job, instance.work, "suspended");
      farm.setInstance(job, instance, "suspended");
    }
    farm.dispatcher.check();
    return true;
  },

  resume: (job, farm) => {
    if (job.status !== "suspended") return false;
    for (const instance of job.running()) {
      instance.work?.process?.resume();
      if (instance.work !== null) farm.setWork(job, instance.work, "running");
      farm.setInstance(job, instance, "running");
    }
    farm.setJob(job, job.running().length > 0 ? "running" : "pending");
    farm.dispatcher.wake();
    return true;
  },

  /** Gives its slots up at once and waits for its next turn. */
  interrupt: (job, farm) => {
    const running = job.running();
    for (const instance of running) farm.interrupt(job, instance);
    return running.length > 0;
  },

  /** Gives its slots up and lets all others of its priority go first. */
  preempt: (job, farm) => {
    job.order = lastOrder(farm) + 1;
    return jobVerbs.interrupt(job, farm);
  },

  /** Gives its slots up and goes on elsewhere, if there is a free slot elsewhere. */
  migrate: (job, farm) => {
    for (const instance of job.running()) instance.avoidHost = instance.host;
    return jobVerbs.interrupt(job, farm);
  },

  top: (job, farm) => {
    job.order = Math.min(...[...farm.jobs.values()].map(({ order }) => order)) - 1;
    farm.report("modified", job);
    return true;
  },

  bottom: (job, farm) => {
    job.order = lastOrder(farm) + 1;
    farm.report("modified", job);
    return true;
  },

  /** Gets the next free slot, whatever its priority. */
  shove: (job, farm) => {
    if (job.nextWork() === undefined || (job.status !== "pending" && job.status !== "running")) return false;
    farm.dispatcher.wake(job);
    return true;
  },
};

function lastOrder(farm: Farm): number {
  return Math.max(...[...farm.jobs.values()].map(({ order }) => order));
}
