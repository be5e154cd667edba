import type { Job, Subjob, Work } from "../bridge/supervisor.js";
import type { ErrorCode } from "../errors.js";
import type { EventFields } from "../trigger/event.js";

/**
 * How far a run has come. `queued` and `running` change; the others are how it ended, `lost` if it ended while nobody was
 * there to see it, `dropped` if it was not run at all.
 */
export type RunState = "queued" | "running" | "succeeded" | "failed" | "timed-out" | "lost" | "dropped";

/** Processor time in milliseconds and the largest resident set in kilobytes, as the system accounted for the process. */
export interface ResourceUsage {
  userMs: number;
  systemMs: number;
  maxRssKb: number;
}

/** A part of an `&&` trigger that has happened. */
export interface SatisfiedTerm {
  /** As it is written in the trigger. */
  term: string;
  /** The event that satisfied it, as it was reported, and when in Unix milliseconds; null where it is not known any more. */
  event: string | null;
  at: number | null;
}

/** One firing of one callback for one owner job and one event. Times are Unix milliseconds. */
export interface Run {
  /** Never repeats, sorts by time of firing. */
  readonly id: string;
  /** The callback's stable id: directory index and file name, or the name a function was registered under. */
  readonly callbackId: string;
  /** The file's name, or the name a function was registered under. */
  readonly callback: string;
  /** The event as it was reported. */
  readonly event: string;
  readonly eventFields: EventFields;
  /** The owner: the job the callback ran for; 0 for global time events. */
  readonly jobId: number;
  /** The callback's triggers as they were when it fired: one of them at least was satisfied. */
  readonly triggers: readonly string[];
  /**
   * What happened before and was needed for it to fire, with an `&&` trigger and an engine that traces; empty where the
   * event alone was enough, null where nobody took note.
   */
  readonly causes: readonly SatisfiedTerm[] | null;
  /** The number of the configuration it fired under: 1 when its engine was opened, one more with each that was taken since. */
  readonly generation: number;
  /** From 1; raised when the run is queued again. */
  attempt: number;
  /** When it fired. */
  readonly queuedAt: number;
  state: RunState;
  /** When the next attempt is due, while the run waits for that; null otherwise. */
  retryAt: number | null;
  /** When its attempt began and ended; null until then. */
  startedAt: number | null;
  endedAt: number | null;
  /** Of its process; null before it is started, and of what has none. */
  pid: number | null;
  /**
   * Whether its script was forked from a warm interpreter; `no: …` with the reason where it should have been. Absent of
   * runs that have not begun and of what is no script.
   */
  warm?: boolean | string;
  /** One of the two is set once a process has ended whose status is known. */
  exitCode: number | null;
  /** `SIGKILL` and the like. */
  signal: string | null;
  /** From its start to its end. */
  durationMs: number | null;
  /** Null where it is not known. */
  usage: ResourceUsage | null;
  /** The job's log that holds (or, while running, the file that receives) the run's output; null if there is none. */
  log: string | null;
  /** Why it failed, was dropped or is tried again, for people; null otherwise. */
  reason: string | null;
  /** The stable code of that reason, where it is one of ours. */
  code: ErrorCode | null;
}

/** What a run is of, from its firing on. */
export type Firing = Pick<
  Run,
  | "id"
  | "callbackId"
  | "callback"
  | "event"
  | "eventFields"
  | "jobId"
  | "triggers"
  | "causes"
  | "generation"
  | "queuedAt"
>;

/** A run that has just fired. Each field is named: an object that is made by copying costs several times as much. */
export function firedRun(firing: Firing): Run {
  return {
    id: firing.id,
    callbackId: firing.callbackId,
    callback: firing.callback,
    event: firing.event,
    eventFields: firing.eventFields,
    jobId: firing.jobId,
    triggers: firing.triggers,
    causes: firing.causes,
    generation: firing.generation,
    attempt: 1,
    queuedAt: firing.queuedAt,
    state: "queued",
    retryAt: null,
    startedAt: null,
    endedAt: null,
    pid: null,
    exitCode: null,
    signal: null,
    durationMs: null,
    usage: null,
    log: null,
    reason: null,
    code: null,
  };
}

/** What the run was fired with and what its callback is shown. */
export interface RunInput {
  /** Record of the owner job, as fresh as it is known. */
  job: Job;
  work?: Work;
  subjob?: Subjob;
}
