import { isUtf8 } from "node:buffer";
import type { EngineEvent } from "../engine/engine-event.js";
import { UcbError } from "../errors.js";
import { deepestData, mistakeInData } from "../plain-data.js";
import { parseEvent } from "../trigger/event.js";
import { withoutByteOrderMark } from "./byte-order-mark.js";
import { checkEventRecord } from "./job-record.js";
import { nestsDeeper } from "./json-depth.js";

/** What is large belongs into the records; an event is kept and shown wherever its runs are. */
const longestEvent = 1024 * 1024;

export function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

/** Whether a record reports an event; what does not may ask something. */
export function isEventLine(record: Readonly<Record<string, unknown>>): boolean {
  return Object.hasOwn(record, "event") || !Object.hasOwn(record, "ask");
}

/**
 * One line of a stream of events.
 * @throws UcbError `ERR_UCB_INPUT` if it is no record of an event, `ERR_UCB_EVENT` if the event is malformed
 */
export function parseEventLine(line: Buffer): string | EngineEvent {
  return parseEventRecord(parseValue(line));
}

/**
 * The record on a line; null if the line is blank.
 * @throws UcbError `ERR_UCB_INPUT`
 */
export function parseJsonLine(line: Buffer): Readonly<Record<string, unknown>> | null {
  if (isBlank(line)) return null;
  const value = parseValue(line);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UcbError("ERR_UCB_INPUT", "the line is no JSON object");
}

/** @throws UcbError as {@link parseEventLine} says */
export function parseEventRecord(record: unknown): string | EngineEvent {
  const checked = checkEventRecord(record);
  if ("problem" in checked) throw new UcbError("ERR_UCB_INPUT", checked.problem);
  const { event, job, work, subjob } = checked.value;
  const mistake = mistakeInData(event, "event");
  if (mistake !== null) throw new UcbError("ERR_UCB_INPUT", mistake);
  if (event.length > longestEvent) {
    throw new UcbError("ERR_UCB_INPUT", `event is longer than ${longestEvent / 1024 / 1024} Mi characters`);
  }
  if (job === undefined && work === undefined && subjob === undefined) return event;
  const fields = parseEvent(event);
  if (job !== undefined && fields.jobId === 0) {
    throw new UcbError("ERR_UCB_INPUT", `a ${fields.type} event has no job, and cannot carry a job's record`);
  }
  return {
    type: fields.type,
    extra: fields.extra,
    ...(fields.jobId === 0 ? {} : { name: fields.name, jobId: fields.jobId }),
    ...(job === undefined ? {} : { job: { ...job, id: job.id ?? fields.jobId } }),
    ...(work === undefined ? {} : { work }),
    ...(subjob === undefined ? {} : { subjob }),
  };
}

function parseValue(line: Buffer): unknown {
  if (!isUtf8(line)) throw new UcbError("ERR_UCB_INPUT", "the line is not UTF-8");
  if (nestsDeeper(line, deepestData)) {
    throw new UcbError("ERR_UCB_INPUT", `the line nests deeper than ${deepestData} levels`);
  }
  return parseJson(withoutByteOrderMark(line.toString("utf8")));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UcbError("ERR_UCB_INPUT", `not JSON (${reason}); an event is written {"event":"complete-work-1001-17"}`, {
      cause,
    });
  }
}
