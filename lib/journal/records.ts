import type { Job, Subjob, Work } from "../bridge/supervisor.js";
import type { RunProcess } from "../execute/execution.js";
import type { Firing, Run } from "../execute/run.js";

/** What must be known of a run that has not ended to go on with it after a crash. */
export interface StoredRun {
  run: Run;
  /** Whether its callback is one of the site's or a function somebody registers. */
  kind: "site" | "function";
  /** What was known of the owner when it fired. */
  known: Job;
  /** The owner's record as the event carried it. */
  carried?: Job;
  work?: Work;
  subjob?: Subjob;
  /** Names the process beyond its pid, which the system gives again; null before it was started. */
  process: StoredProcess | null;
}

export interface StoredProcess extends RunProcess {
  /** The system's boot it belongs to: no process survives another. */
  bootId: string;
}

/** What has become of a run since it fired. */
export interface StoredProgress {
  run: Omit<Run, keyof Firing>;
  process: StoredProcess | null;
}

/** All that a journal holds when an engine opens it. */
export interface StoredState {
  /** In the order they fired. */
  runs: StoredRun[];
  jobs: Job[];
  /** What `&&` triggers remember, as the matcher exported it, by owner. */
  memories: [owner: number, exported: Uint8Array][];
  /** Which times have been that triggers wait for. */
  times: [key: string, value: string][];
}

/** The tables of a journal; what runs were fired with is written once, their progress often. */
export type Table = "runs" | "progress" | "finished" | "jobs" | "memories" | "times";

/** One change: null removes. Values are JSON but for `memories`, which are bytes. */
export type Change = [table: Table, key: string, value: string | Uint8Array | null];

/** What the journal's thread is told. */
export type JournalRequest =
  | { kind: "apply"; sequence: number; changes: Change[] }
  /** A part of what the next `replace` is to write. */
  | { kind: "snapshot"; changes: Change[] }
  /** Replaces everything but finished runs, after a time in which nothing could be written. */
  | { kind: "replace"; sequence: number; changes: Change[] }
  /** Asks for finished runs, the newest `limit` of them. */
  | { kind: "finished"; limit: number }
  | { kind: "close" };

/** What the journal's thread tells. */
export type JournalReply =
  | { kind: "opened"; state: StoredState }
  | { kind: "refused"; code: string; message: string }
  /** Everything up to this sequence number is on the disk. */
  | { kind: "durable"; sequence: number }
  /** What this and later numbers brought is not, until a `replace` succeeds. */
  | { kind: "failed"; sequence: number; code: string; message: string }
  /** In the order of the questions. */
  | { kind: "finished"; runs: Run[] }
  | { kind: "closed" };
