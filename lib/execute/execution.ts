import type { Action, ActionTarget, Job, JobQuery, Subjob, Verb, Work } from "../bridge/supervisor.js";
import type { ErrorCode } from "../errors.js";
import type { ResourceUsage, Run } from "./run.js";

/** A run on its way through an executor. */
export interface Execution {
  readonly run: Run;
  /** The owner's record, as fresh as it is known. */
  readonly job: Job;
  readonly work?: Work;
  readonly subjob?: Subjob;
  /** Tells the engine that the work has begun; `log` is the file that receives output while it runs. */
  started(details: { pid: number | null; log: string | null }): void;
  /** Tells the engine that a third of the deadline has passed. */
  slow(): void;
}

/** How a run ended. */
export interface Outcome {
  state: "succeeded" | "failed" | "timed-out";
  exitCode: number | null;
  signal: string | null;
  durationMs: number | null;
  usage: ResourceUsage | null;
  log: string | null;
  reason: string | null;
  code: ErrorCode | null;
}

/** What executors ask of the supervisor on a run's behalf. */
export interface SupervisorPort {
  jobInfo(query: JobQuery): Promise<Job[]>;
  perform(verb: Verb, target: ActionTarget, ids: string[], by: Run): Promise<string[]>;
}

export type ActionListener = (action: Action) => void;

/** An outcome of something that was no process. */
export function outcomeOf(
  state: Outcome["state"],
  startedAt: number,
  details: Partial<Pick<Outcome, "reason" | "code" | "log">> = {},
): Outcome {
  return {
    state,
    exitCode: null,
    signal: null,
    durationMs: Date.now() - startedAt,
    usage: null,
    log: details.log ?? null,
    reason: details.reason ?? null,
    code: details.code ?? null,
  };
}
