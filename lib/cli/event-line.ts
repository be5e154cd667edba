import { isUtf8 } from "node:buffer";
import type { EngineEvent } from "../engine/callback-engine.js";
import { UcbError } from "../errors.js";
import { deepestData, mistakeInData } from "../plain-data.js";
import { parseEvent } from "../trigger/event.js";
import { withoutByteOrderMark } from "./byte-order-mark.js";
import { checkEventRecord } from "./job-record.js";
import { nestsDeeper } from "./json-depth.js";

/** What is large belongs into the records; an event is kept and shown wherever its runs are. */
const longestEvent = 1024 * 1024;

/**
 * One line of a stream of events.
 * @throws UcbError `ERR_UCB_INPUT` if it is no record of an event, `ERR_UCB_EVENT` if the event is malformed
 */
export function parseEventLine(line: Buffer): string | EngineEvent {
  if (!isUtf8(line)) throw new UcbError("ERR_UCB_INPUT", "the line is not UTF-8");
  if (nestsDeeper(line, deepestData)) {
    throw new UcbError("ERR_UCB_INPUT", `the line nests deeper than ${deepestData} levels`);
  }
  const checked = checkEventRecord(parseJson(withoutByteOrderMark(line.toString("utf8"))));
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
