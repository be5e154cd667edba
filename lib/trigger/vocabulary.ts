/** The words of the trigger language. Names are open (sites add their own); types are not. */

/** Types of events that happen to a job or to a part of one. */
export const jobTypes = ["job", "subjob", "work", "host", "time", "repeat"] as const;
export type JobType = (typeof jobTypes)[number];

/** Types that exist without a job: written without name and context. */
export const globalTypes = ["globaltime", "globalrepeat"] as const;
export type GlobalType = (typeof globalTypes)[number];

export const eventTypes = [...jobTypes, ...globalTypes] as const;
export type EventType = JobType | GlobalType;

export const eventNames = [
  "complete",
  "done",
  "submit",
  "killed",
  "blocked",
  "failed",
  "running",
  "waiting",
  "assigned",
  "removed",
  "modified",
  "timeout",
  "dummy",
  "pending",
  "suspended",
  "unknown",
  "badlogin",
] as const;
export type EventName = (typeof eventNames)[number];

/** Names whose occurrence implies `done` of the same subject. */
export const doneNames: readonly string[] = ["complete", "killed", "failed"];
