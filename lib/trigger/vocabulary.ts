/** The words of the trigger language. Names are open (sites add their own); types are not. */

export const eventTypes = ["job", "subjob", "work", "host", "time", "repeat", "globaltime", "globalrepeat"] as const;
export type EventType = (typeof eventTypes)[number];

/** Types that exist without a job: written without name and context. */
export const globalTypes: readonly EventType[] = ["globaltime", "globalrepeat"];

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
