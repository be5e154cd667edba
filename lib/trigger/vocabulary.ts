/** The words of the trigger language. Names are open (sites add their own); types are not. */

/** Types of events that happen to a job or to a part of one. */
export const jobTypes = ["job", "subjob", "work", "host", "time", "repeat"] as const;
/** One of `jobTypes`. */
export type JobType = (typeof jobTypes)[number];

/** Types that exist without a job: written without name and context. */
export const globalTypes = ["globaltime", "globalrepeat"] as const;
/** One of `globalTypes`. */
export type GlobalType = (typeof globalTypes)[number];

/** All types of events; there are no others. */
export const eventTypes = [...jobTypes, ...globalTypes] as const;
/** One of {@link eventTypes}. */
export type EventType = JobType | GlobalType;

/** The names that supervisors report by themselves; sites may use others. */
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
/** One of {@link eventNames}. */
export type EventName = (typeof eventNames)[number];

/** Names whose occurrence implies `done` of the same subject. */
export const doneNames: readonly string[] = ["complete", "killed", "failed"];
