/** What a job, an instance of a job or a work item is doing. */
export type Status = "pending" | "blocked" | "running" | "suspended" | "complete" | "failed" | "killed";
export type EndStatus = Extract<Status, "complete" | "failed" | "killed">;

export function isEnded(status: Status): status is EndStatus {
  return status === "complete" || status === "failed" || status === "killed";
}

/** The event that reports a change to `status`: events have a name of their own only for waiting. */
export function eventNameOf(status: Status): string {
  return status === "pending" ? "waiting" : status;
}
