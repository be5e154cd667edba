import { argumentError, isObject } from "../argument-error.js";
import { UcbError } from "../errors.js";
import { closest } from "./suggestion.js";
import { type EventType, eventNames, eventTypes, type GlobalType, globalTypes } from "./vocabulary.js";

/** An event as a supervisor reports it, taken apart. */
export interface EventFields {
  /** Not empty, without `-`; empty only for global time events. */
  name: string;
  type: EventType;
  /** The job it happened to, 1 to 2^53-1; 0 only for global time events. */
  jobId: number;
  /** Work name, subjob id, host or time; empty where there is none. Taken literally. */
  extra: string;
}

const types: ReadonlySet<string> = new Set(eventTypes);
const known: ReadonlySet<string> = new Set(eventNames);

/**
 * Takes `name-type-jobid-extra` apart, or `globaltime-t` and `globalrepeat-t-interval`.
 * @throws UcbError `ERR_UCB_EVENT` that says which part is wrong and what is expected there
 */
export function parseEvent(text: string): EventFields {
  if (typeof text !== "string") throw argumentError("event", "a string", text, "ERR_UCB_EVENT");
  const first = text.indexOf("-");
  const head = first < 0 ? text : text.slice(0, first);
  if (head === "globaltime" || head === "globalrepeat") {
    const extra = first < 0 ? "" : text.slice(first + 1);
    if (extra === "") throw malformed(text, `a ${head} event needs its time`);
    return { name: "", type: head, jobId: 0, extra };
  }
  if (first <= 0) throw malformed(text, first === 0 ? "the name is empty" : "the type and the job id are missing");
  const second = text.indexOf("-", first + 1);
  if (second < 0) throw malformed(text, "the job id is missing", missingHint(head, text.slice(first + 1)));
  const type = text.slice(first + 1, second);
  if (!isEventType(type)) {
    const reason = `"${shorten(type)}" is no event type (${eventTypes.join(", ")})`;
    throw malformed(text, reason, typeHint(head, type));
  }
  if (isGlobal(type)) throw malformed(text, `a ${type} event has no name and no job`);
  const third = text.indexOf("-", second + 1);
  const id = third < 0 ? text.slice(second + 1) : text.slice(second + 1, third);
  return { name: head, type, jobId: parseJobId(id, text), extra: third < 0 ? "" : text.slice(third + 1) };
}

/**
 * The event as it travels: the inverse of {@link parseEvent}.
 * @throws UcbError `ERR_UCB_EVENT` for fields that no event can have, such as a name with a dash
 */
export function formatEvent(event: Pick<EventFields, "name" | "type" | "jobId" | "extra">): string {
  if (!isObject(event)) throw argumentError("event", "an object", event, "ERR_UCB_EVENT");
  const { name, type, jobId, extra } = event;
  for (const [field, value] of Object.entries({ type, name, extra })) {
    if (typeof value !== "string") throw argumentError(`event.${field}`, "a string", value, "ERR_UCB_EVENT");
  }
  if (typeof jobId !== "number") throw argumentError("event.jobId", "a number", jobId, "ERR_UCB_EVENT");
  if (!isEventType(type)) throw malformed(type, `it is no event type (${eventTypes.join(", ")})`);
  if (isGlobal(type)) {
    const text = `${type}-${extra}`;
    if (name !== "" || jobId !== 0) throw malformed(text, `a ${type} event has no name and no job`);
    if (extra === "") throw malformed(text, `a ${type} event needs its time`);
    return text;
  }
  const head = `${name}-${type}-${jobId}`;
  const text = extra === "" ? head : `${head}-${extra}`;
  if (name === "") throw malformed(text, "the name is empty");
  if (name.includes("-")) throw malformed(text, `the name "${shorten(name)}" holds a dash`);
  if (name === "globaltime" || name === "globalrepeat") throw malformed(text, `${name} is a type without a name`);
  if (!Number.isSafeInteger(jobId) || jobId < 1) throw malformed(text, noJobId(String(jobId)));
  return text;
}

export function isEventType(text: string): text is EventType {
  return types.has(text);
}

export function isGlobal(type: EventType): type is GlobalType {
  return type === "globaltime" || type === "globalrepeat";
}

function parseJobId(text: string, event: string): number {
  const id = Number(text);
  if (!/^[0-9]+$/.test(text) || id < 1 || !Number.isSafeInteger(id)) {
    const isContext = text === "self" || text === "parent" || text === "*";
    throw malformed(event, noJobId(text), isContext ? contextHint : undefined);
  }
  return id;
}

/** What is wrong with a text that a matcher has found to be no event. */
export function mistakeOf(text: string): UcbError {
  try {
    parseEvent(text);
  } catch (error) {
    if (error instanceof UcbError) return error;
  }
  return new UcbError("ERR_UCB_EVENT", "the event is malformed");
}

const contextHint = "an event happens to one job, whose id it names: self, parent and labels are for triggers";

/** `second` is the text behind the name, where nothing follows it. */
function missingHint(name: string, second: string): string | undefined {
  return /^[0-9]+$/.test(second) ? `the type is missing: did you mean "${shorten(name)}-job-${second}"?` : undefined;
}

function typeHint(name: string, type: string): string | undefined {
  const meant = closest(type, eventTypes);
  if (meant !== undefined) return `did you mean "${meant}"?`;
  const global = closest(name, globalTypes);
  if (global !== undefined) return `did you mean "${global}"?`;
  return isEventType(name) && known.has(type) ? `the name comes first: did you mean "${type}-${name}"?` : undefined;
}

function noJobId(text: string): string {
  return `"${shorten(text)}" is no job id (a whole number from 1 to 2^53-1)`;
}

function malformed(
  event: string,
  reason: string,
  hint = "an event is written name-type-jobid or name-type-jobid-extra, such as complete-work-1001-17",
): UcbError {
  return new UcbError("ERR_UCB_EVENT", `event "${shorten(event)}": ${reason}`, { hint });
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}
