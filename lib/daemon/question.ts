import type { Job } from "../bridge/supervisor.js";
import { UcbError } from "../errors.js";
import type { RunState } from "../execute/run.js";
import { parseEventRecord } from "./event-line.js";
import type { RunQuery } from "./run-log.js";

/** What a client may ask a daemon beside reporting events. */
export type Question =
  | { ask: "status" }
  | ({ ask: "runs" } & RunQuery)
  | { ask: "run"; run: string }
  | { ask: "log"; run: string }
  /** What an event would do if it were reported now. */
  | { ask: "explain"; event: string; job: Job | undefined }
  /** Why a run fired. */
  | { ask: "why"; run: string }
  | { ask: "pending"; jobId: number | undefined }
  | { ask: "reload" }
  /** From now on ended runs and actions are told on this connection. */
  | { ask: "follow" };

/** What a run can be. */
export const runStates: readonly RunState[] = [
  "queued",
  "running",
  "succeeded",
  "failed",
  "timed-out",
  "lost",
  "dropped",
];
const usualLimit = 100;
const mostRuns = 100_000;

/** @throws UcbError `ERR_UCB_INPUT` that says what is wrong with it */
export function parseQuestion(record: Readonly<Record<string, unknown>>): Question {
  const { ask } = record;
  switch (ask) {
    case "status":
    case "reload":
    case "follow":
      return { ask };
    case "run":
    case "log":
    case "why":
      return { ask, run: text(record, "run") };
    case "explain":
      return { ask, ...reported(record.of) };
    case "pending":
      return { ask, jobId: optional(record, "job", jobId) };
    case "runs":
      return {
        ask,
        callback: optional(record, "callback", text),
        jobId: optional(record, "job", jobId),
        state: optional(record, "state", state),
        limit: optional(record, "limit", limit) ?? usualLimit,
      };
    default:
      throw mistake(
        `ask must be status, runs, run, log, why, explain, pending, reload or follow, not ${JSON.stringify(ask) ?? "nothing"}`,
      );
  }
}

/** The line that an event would be reported with. */
function reported(of: unknown): { event: string; job: Job | undefined } {
  const event = parseEventRecord(of);
  if (typeof event === "string") return { event, job: undefined };
  return { event: String((of as Fields).event), job: event.job };
}

type Fields = Readonly<Record<string, unknown>>;

function optional<T>(record: Fields, name: string, read: (record: Fields, name: string) => T): T | undefined {
  return record[name] === undefined || record[name] === null ? undefined : read(record, name);
}

function text(record: Fields, name: string): string {
  const value = record[name];
  if (typeof value === "string" && value !== "") return value;
  throw mistake(`${name} must be a text, not ${shown(value)}`);
}

function jobId(record: Fields, name: string): number {
  return whole(record[name], name, 1, Number.MAX_SAFE_INTEGER);
}

function limit(record: Fields, name: string): number {
  return whole(record[name], name, 0, mostRuns);
}

function state(record: Fields, name: string): RunState {
  const found = runStates.find((known) => known === record[name]);
  if (found === undefined) throw mistake(`${name} must be ${runStates.join(", ")}, not ${shown(record[name])}`);
  return found;
}

function whole(value: unknown, name: string, least: number, most: number): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  throw mistake(`${name} must be a whole number from ${least} to ${most}, not ${shown(value)}`);
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? "nothing";
  return json.length > 50 ? `${json.slice(0, 50)}…` : json;
}

function mistake(message: string): UcbError {
  return new UcbError("ERR_UCB_INPUT", message);
}
