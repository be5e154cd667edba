import * as v from "valibot";
import { shownValue } from "../argument-error.js";
import type { Job, Subjob, Work } from "../bridge/supervisor.js";

/** What came in where a record belongs: `problem` says what is wrong with it and where. */
export type Checked<T> = { value: T } | { problem: string };

const text = v.string("must be a string");
const integer = v.pipe(
  v.number("must be a number"),
  v.check((value) => Number.isSafeInteger(value) && value >= 0, "must be a whole number from 0 to 2^53-1"),
);
const jobId = v.pipe(
  v.number("must be a number"),
  v.check((value) => Number.isSafeInteger(value) && value >= 1, "must be a whole number from 1 to 2^53-1"),
);
const partId = v.union([v.string(), v.number()], "must be a string or a number");

/** A record with these fields, each of which may be left out or null, and whatever else it holds. */
function record<T extends v.ObjectEntries>(entries: T) {
  return v.pipe(
    v.custom<Record<string, unknown>>(isRecord, "must be an object"),
    v.looseObject(entries),
    v.transform((fields) => withoutNulls(fields, entries)),
  );
}

const workSchema = record({ name: v.nullish(text), id: v.nullish(partId), status: v.nullish(text) });
const subjobSchema = record({ id: v.nullish(partId), status: v.nullish(text) });
const jobSchema = record({
  id: v.nullish(jobId),
  name: v.nullish(text),
  label: v.nullish(text),
  status: v.nullish(text),
  user: v.nullish(text),
  pid: v.nullish(integer),
  pgrp: v.nullish(integer),
  agenda: v.nullish(v.array(workSchema, "must be a list")),
  subjobs: v.nullish(v.array(subjobSchema, "must be a list")),
});

/** One line of a stream of events: the event as it travels, and the records that come with it. */
const eventSchema = record({
  event: text,
  job: v.nullish(jobSchema),
  work: v.nullish(workSchema),
  subjob: v.nullish(subjobSchema),
});

export interface EventRecord {
  event: string;
  /** Without an id it is the record of the event's own job. */
  job?: Omit<Job, "id"> & { id?: number };
  work?: Work;
  subjob?: Subjob;
}

export function checkEventRecord(value: unknown): Checked<EventRecord> {
  return check<EventRecord>(eventSchema, value);
}

/** A job's record with its id. */
export function checkJob(value: unknown): Checked<Job> {
  const checked = check<Partial<Job>>(jobSchema, value);
  if ("problem" in checked) return checked;
  const { id } = checked.value;
  return id === undefined ? { problem: "id is missing" } : { value: { ...checked.value, id } };
}

function check<T>(schema: v.GenericSchema<unknown, unknown>, value: unknown): Checked<T> {
  const result = v.safeParse(schema, value, { abortEarly: true, abortPipeEarly: true });
  // Unknown keys that could reach a prototype are left out by looseObject.
  if (result.success) return { value: result.output as T };
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  if (issue.input === undefined) return { problem: `${path} is missing` };
  return { problem: `${path === null ? "the record " : `${path} `}${issue.message}, not ${shownValue(issue.input)}` };
}

/** Null is how many languages write that there is none. Fields that mean nothing here stay as they are. */
function withoutNulls(fields: Record<string, unknown>, entries: v.ObjectEntries): Record<string, unknown> {
  for (const name of Object.keys(entries)) if (fields[name] === null) delete fields[name];
  return fields;
}

function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
