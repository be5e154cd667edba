import type { Verb } from "universal-callbacks";
import type { Farm } from "./farm.js";
import type { FarmJob, FarmWork } from "./job.js";
import { type EndStatus, isEnded } from "./status.js";

/** What a verb does to a work item; answers whether it changed anything. */
export type WorkVerb = (work: FarmWork, job: FarmJob, farm: Farm) => boolean;

/** Takes an item that runs from its instance, which then takes another. */
function stop(work: FarmWork, job: FarmJob, farm: Farm): void {
  const { instance } = work;
  if (work.process === null || instance === null) return;
  farm.dispatcher.takeAway(instance);
  if (instance.status === "running" || instance.status === "suspended") farm.setInstance(job, instance, "pending");
}

function end(work: FarmWork, job: FarmJob, farm: Farm, status: EndStatus): boolean {
  stop(work, job, farm);
  const changed = farm.setWork(job, work, status);
  farm.settle(job);
  farm.dispatcher.wake();
  return changed;
}

function isRunning(work: FarmWork): boolean {
  return work.process !== null && work.instance !== null;
}

function interrupt(work: FarmWork, job: FarmJob, farm: Farm): boolean {
  return isRunning(work) && work.instance !== null && farm.interrupt(job, work.instance);
}

function moveTo(place: "front" | "end", work: FarmWork, job: FarmJob, farm: Farm): boolean {
  const others = job.agenda.filter((other) => other !== work);
  job.agenda = place === "front" ? [work, ...others] : [...others, work];
  farm.reportWork("modified", job, work);
  return true;
}

export const workVerbs: Record<Verb, WorkVerb> = {
  block: (work, job, farm) => work.status === "pending" && farm.setWork(job, work, "blocked"),

  unblock: (work, job, farm) => work.status === "blocked" && farm.putBack(job, work),

  kill: (work, job, farm) => !isEnded(work.status) && end(work, job, farm, "killed"),
  complete: (work, job, farm) => end(work, job, farm, "complete"),
  fail: (work, job, farm) => end(work, job, farm, "failed"),

  remove: (work, job, farm) => {
    stop(work, job, farm);
    job.agenda = job.agenda.filter((other) => other !== work);
    farm.reportWork("removed", job, work);
    farm.settle(job);
    farm.dispatcher.wake();
    return true;
  },

  retry: (work, job, farm) => {
    if (work.status !== "failed" && work.status !== "killed") return false;
    work.retries++;
    return farm.putBack(job, work);
  },

  requeue: (work, job, farm) => interrupt(work, job, farm) || farm.putBack(job, work),

  suspend: (work, job, farm) => {
    if (work.status !== "pending" && work.status !== "running") return false;
    work.process?.suspend();
    farm.setWork(job, work, "suspended");
    farm.dispatcher.check();
    return true;
  },

  resume: (work, job, farm) => {
    if (work.status !== "suspended") return false;
    work.process?.resume();
    farm.setWork(job, work, work.process === null ? "pending" : "running");
    farm.dispatcher.wake();
    return true;
  },

  interrupt,

  preempt: (work, job, farm) => interrupt(work, job, farm) && moveTo("end", work, job, farm),

  migrate: (work, job, farm) => {
    if (isRunning(work) && work.instance !== null) work.instance.avoidHost = work.instance.host;
    return interrupt(work, job, farm);
  },

  top: (work, job, farm) => moveTo("front", work, job, farm),
  bottom: (work, job, farm) => moveTo("end", work, job, farm),

  /** Becomes the next item that its job does, and the job the next to get a slot. */
  shove: (work, job, farm) => {
    if (work.status !== "pending") return false;
    moveTo("front", work, job, farm);
    farm.dispatcher.wake(job);
    return true;
  },
};
