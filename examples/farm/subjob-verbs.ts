import type { Verb } from "universal-callbacks";
import type { Farm } from "./farm.js";
import type { FarmJob, Instance } from "./job.js";
import { jobVerbs } from "./job-verbs.js";
import { type EndStatus, isEnded } from "./status.js";

/** What a verb does to an instance of a job; answers whether it changed anything. */
export type SubjobVerb = (instance: Instance, job: FarmJob, farm: Farm) => boolean;

/** Ends an instance for good; its work goes back into the queue, for the other instances. */
function retire(status: EndStatus): SubjobVerb {
  return (instance, job, farm) => {
    if (instance.retired && instance.status === status) return false;
    instance.retired = true;
    const work = farm.dispatcher.takeAway(instance);
    farm.setInstance(job, instance, status);
    if (work !== null) farm.setWork(job, work, "pending");
    farm.settle(job);
    farm.dispatcher.wake();
    return true;
  };
}

/** Lets an instance that has ended take work again. */
function revive(instance: Instance, job: FarmJob, farm: Farm): boolean {
  instance.retired = false;
  farm.dispatcher.wake();
  return farm.setInstance(job, instance, "pending");
}

/** Instances have no order of their own: where one goes is where its job goes. */
function asJob(verb: "top" | "bottom" | "shove"): SubjobVerb {
  return (_instance, job, farm) => jobVerbs[verb](job, farm);
}

export const subjobVerbs: Record<Verb, SubjobVerb> = {
  /** What it runs may end; it takes nothing new. */
  block: (instance, job, farm) =>
    (instance.takesWork || instance.status === "running") && farm.setInstance(job, instance, "blocked"),

  unblock: (instance, job, farm) => {
    if (instance.status !== "blocked") return false;
    farm.dispatcher.wake();
    return farm.setInstance(job, instance, instance.work === null ? "pending" : "running");
  },

  kill: (instance, job, farm) =>
    !(instance.retired && isEnded(instance.status)) && retire("killed")(instance, job, farm),
  complete: retire("complete"),
  fail: retire("failed"),

  remove: (instance, job, farm) => {
    if (job.instances.length === 1) throw new Error(`${job.id}.${instance.id} is the job's only instance`);
    const work = farm.dispatcher.takeAway(instance);
    job.instances = job.instances.filter((other) => other !== instance);
    farm.reportInstance("removed", job, instance);
    if (work !== null) farm.setWork(job, work, "pending");
    farm.settle(job);
    farm.dispatcher.wake();
    return true;
  },

  retry: (instance, job, farm) => {
    if (instance.status !== "failed" && instance.status !== "killed") return false;
    return revive(instance, job, farm);
  },

  requeue: (instance, job, farm) => farm.interrupt(job, instance) || revive(instance, job, farm),

  suspend: (instance, job, farm) => {
    if (instance.status !== "running" && instance.status !== "pending") return false;
    instance.work?.process?.suspend();
    if (instance.work !== null) farm.setWork(job, instance.work, "suspended");
    farm.setInstance(job, instance, "suspended");
    farm.dispatcher.check();
    return true;
  },

  resume: (instance, job, farm) => {
    if (instance.status !== "suspended") return false;
    instance.work?.process?.resume();
    if (instance.work !== null) farm.setWork(job, instance.work, "running");
    farm.setInstance(job, instance, instance.work === null ? "pending" : "running");
    farm.dispatcher.wake();
    return true;
  },

  interrupt: (instance, job, farm) => farm.interrupt(job, instance),

  preempt: (instance, job, farm) => {
    if (instance.work === null) return false;
    jobVerbs.bottom(job, farm);
    return farm.interrupt(job, instance);
  },

  migrate: (instance, job, farm) => {
    if (instance.work !== null) instance.avoidHost = instance.host;
    return farm.interrupt(job, instance);
  },

  top: asJob("top"),
  bottom: asJob("bottom"),
  shove: asJob("shove"),
};
