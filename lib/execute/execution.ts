import type { Action, ActionTarget, Job, JobQuery, Subjob, Verb, Work } from "../bridge/supervisor.js";
import type { ErrorCode } from "../errors.js";
import type { ResourceUsage, Run } from "./run.js";

/** What is known of an attempt when it begins. */
export interface Beginning {
  pid: number | null;
  /** The file that receives output while it runs. */
  log: string | null;
  /** See `Run.warm`; absent of what is no script. */
  warm?: boolean | string;
  /** What another engine needs to go on with the process after this one died; absent if there is none. */
  process?: RunProcess;
}

/** A process of a run, as it can be found again. Times are Unix milliseconds. */
export interface RunProcess {
  pid: number;
  /** When it started, in clock ticks since the system booted: pids are given again. */
  startTicks: number;
  startedAt: number;
  /** Null where its callback's `timeout` decides. */
  deadlineAt: number | null;
  /** What lets it ask the supervisor. */
  token: string;
}

/** A run on its way through an executor. */
export interface Execution {
  readonly run: Run;
  /** The owner's record, as fresh as it is known. */
  readonly job: Job;
  readonly work?: Work | undefined;
  readonly subjob?: Subjob | undefined;
  /** Tells the engine that the work has begun. */
  started(details: Beginning): void;
  /** Tells the engine that a third of the deadline has passed. */
  slow(): void;
}

/** How a run ended. */
export interface Outcome {
  state: "succeeded" | "failed" | "timed-out" | "lost";
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
