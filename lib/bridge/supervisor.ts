/**
 * What an embedder tells and does for callbacks: the one interface to implement.
 */
import type { Run } from "../execute/run.js";

/** A job record. `id` is required, the rest is what the supervisor knows; callbacks see it as it is. */
export interface Job {
  /** 1 to 2^53-1. */
  id: number;
  name?: string;
  label?: string;
  status?: string;
  user?: string;
  /** The parent job's id; 0 or absent is none. */
  pid?: number;
  /** The process group; 0 or absent is the job's own id. */
  pgrp?: number;
  /** Its work items, such as frames. */
  agenda?: Work[];
  /** Its instances. */
  subjobs?: Subjob[];
  [field: string]: unknown;
}

/** An agenda item (a frame). */
export interface Work {
  name?: string;
  id?: string | number;
  status?: string;
  [field: string]: unknown;
}

/** An instance of a job. */
export interface Subjob {
  id?: string | number;
  status?: string;
  [field: string]: unknown;
}

/** Which jobs are asked for: a job must satisfy every field that is given; the values of one field are alternatives. */
export interface JobQuery {
  id?: number[];
  pgrp?: number[];
  status?: string[];
  user?: string[];
  name?: string[];
  label?: string[];
  /** Any other field, compared as text. */
  filters?: Record<string, string[]>;
  /** Whether the answer should hold `agenda`, `subjobs`, `callbacks`. */
  agenda?: boolean;
  subjobs?: boolean;
  callbacks?: boolean;
}

/** All that a callback may ask to be done with jobs, subjobs and work items. */
export const verbs = [
  "block",
  "unblock",
  "kill",
  "remove",
  "retry",
  "requeue",
  "complete",
  "fail",
  "suspend",
  "resume",
  "migrate",
  "preempt",
  "interrupt",
  "top",
  "bottom",
  "shove",
] as const;
/** One of {@link verbs}. */
export type Verb = (typeof verbs)[number];
/** What an action is done with: whole jobs, their instances, or items of their agendas. */
export type ActionTarget = "job" | "subjob" | "work";

/** Something a callback asks the supervisor to do. */
export interface Action {
  verb: Verb;
  target: ActionTarget;
  /** Jobs `"1001"`, subjobs `"1001.2"`, work `"1001:17"`; at least one. */
  ids: string[];
  /** The run that asks. */
  by: Run;
}

/**
 * What an embedder implements, so that callbacks can ask and demand. Methods may answer at once or with a promise; what they
 * throw is raised, with its message, in the callback that asked, and costs nobody else anything.
 */
export interface Supervisor {
  /** The records of all jobs the query fits; an empty list if none does. */
  jobInfo(query: JobQuery): Job[] | Promise<Job[]>;
  /** Carries an action out and returns the ids it affected. Throwing makes the asking callback's call raise. */
  perform(action: Action): string[] | Promise<string[]>;
  /** Takes a new job and returns its record. */
  submit?(job: Record<string, unknown>): Job | Promise<Job>;
  /** Records of hosts, for `qb.hostinfo`; the query is what the callback gave, as it is. */
  hostInfo?(query: Record<string, unknown>): Record<string, unknown>[] | Promise<Record<string, unknown>[]>;
}
