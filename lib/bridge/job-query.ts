import { argumentError, isObject } from "../argument-error.js";
import type { Job, JobQuery } from "./supervisor.js";

/** Fields of a record that may be large, and are answered only to those who ask. */
export const bulkyFields = ["agenda", "subjobs", "callbacks"] as const;
export type BulkyField = (typeof bulkyFields)[number];

/**
 * The records a query fits, in their order, each job once. All fields that are given must fit, the values of one field
 * are alternatives, and a field with no values fits nothing. Values are compared as text. The answer holds copies where
 * a bulky field had to go; nothing given is changed.
 * @throws UcbError `ERR_UCB_ARGUMENT` for what is no list of records or no query
 */
export function matchJobs(jobs: Iterable<Job>, query: JobQuery): Job[] {
  if (!isIterable(jobs)) throw argumentError("jobs", "a list", jobs);
  if (!isObject(query)) throw argumentError("query", "an object", query);
  const conditions = conditionsOf(query);
  const found = new Map<number, Job>();
  for (const job of jobs) {
    if (!isObject(job)) throw argumentError("each of jobs", "an object", job);
    if (found.has(job.id)) continue;
    if (conditions.every(([field, values]) => fits(job, field, values))) found.set(job.id, withoutBulk(job, query));
  }
  return [...found.values()];
}

/** The record without the bulky fields that the query does not ask for. */
export function withoutBulk(job: Job, asked: Pick<JobQuery, BulkyField>): Job {
  const unasked = bulkyFields.filter((field) => field in job && asked[field] !== true);
  if (unasked.length === 0) return job;
  const rest: Job = { ...job };
  for (const field of unasked) delete rest[field];
  return rest;
}

/** Whether a query has a field without any value, so that no record can fit it. */
export function fitsNothing(query: JobQuery): boolean {
  return conditionsOf(query).some(([, values]) => values.size === 0);
}

function conditionsOf(query: JobQuery): [field: string, values: ReadonlySet<string>][] {
  const { agenda: _a, subjobs: _s, callbacks: _c, filters = {}, ...fields } = query;
  if (!isObject(filters)) throw argumentError("query.filters", "an object", filters);
  return [...Object.entries(fields), ...Object.entries(filters)].flatMap(([field, values]) =>
    values === undefined ? [] : [[field, valuesOf(field, values)]],
  );
}

function valuesOf(field: string, values: unknown): ReadonlySet<string> {
  if (!Array.isArray(values)) throw argumentError(`query.${field}`, "a list of values", values);
  return new Set(values.map(String));
}

function isIterable(value: unknown): boolean {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}

function fits(job: Job, field: string, values: ReadonlySet<string>): boolean {
  const value = field === "pgrp" ? job.pgrp || job.id : Object.hasOwn(job, field) ? job[field] : undefined;
  return value !== undefined && value !== null && typeof value !== "object" && values.has(String(value));
}
