import { asUcbError, UcbError } from "../errors.js";
import type { Run } from "../execute/run.js";
import { bulkyFields, fitsNothing, withoutBulk } from "./job-query.js";
import type { ActionTarget, Job, JobQuery, Verb } from "./supervisor.js";
import { actionsFor } from "./verbs.js";

/** The supervisor as the bridge asks it: with the run that is asking. */
export interface BridgeHandler {
  jobInfo(query: JobQuery, by: Run): Job[] | Promise<Job[]>;
  perform(verb: Verb, target: ActionTarget, ids: string[], by: Run): string[] | Promise<string[]>;
  submit?(job: Record<string, unknown>, by: Run): Job | Promise<Job>;
  hostInfo?(query: Record<string, unknown>, by: Run): Record<string, unknown>[] | Promise<Record<string, unknown>[]>;
}

/** What a line of the protocol holds besides its token. */
export interface BridgeRequest {
  id: string | number | null;
  method: string;
  params: Record<string, unknown>;
}

/** How deep what a callback sends may be nested: more than any job record, less than any stack. */
const deepest = 64;

/**
 * Puts one request of a run to the supervisor and returns its answer.
 * @throws UcbError `ERR_UCB_BRIDGE` for a method or parameters that do not exist, `ERR_UCB_ARGUMENT` for values of the
 * wrong kind, `ERR_UCB_ACTION` with the supervisor's message if the supervisor refuses
 */
export async function answerRequest(request: BridgeRequest, handler: BridgeHandler, by: Run): Promise<unknown> {
  const { method, params } = request;
  checkDepth(params, method);
  switch (method) {
    case "jobinfo":
      return await jobInfo(params, handler, by);
    case "perform":
      return await perform(params, handler, by);
    case "submit":
      return await submit(params, handler, by);
    case "hostinfo":
      return await hostInfo(params, handler, by);
    default:
      throw new UcbError("ERR_UCB_BRIDGE", `there is no request "${method.slice(0, 80)}"`);
  }
}

async function jobInfo(params: Record<string, unknown>, handler: BridgeHandler, by: Run): Promise<Job[]> {
  const query = jobQueryOf(params);
  if (fitsNothing(query)) return [];
  const jobs = await asked(() => handler.jobInfo(query, by));
  if (!Array.isArray(jobs)) throw new UcbError("ERR_UCB_ACTION", "the supervisor answered with no list of jobs");
  return jobs.map((job) => withoutBulk(job, query));
}

async function perform(params: Record<string, unknown>, handler: BridgeHandler, by: Run): Promise<string[]> {
  const affected: string[] = [];
  for (const { verb, target, ids } of actionsFor(String(params.verb), params.ids)) {
    try {
      const answer = await asked(() => handler.perform(verb, target, ids, by));
      if (!Array.isArray(answer)) throw new UcbError("ERR_UCB_ACTION", "the supervisor answered with no list of ids");
      for (const id of answer) affected.push(String(id));
    } catch (error) {
      if (affected.length === 0) throw error;
      const done = `${affected.slice(0, 10).join(", ")}${affected.length > 10 ? ", ..." : ""}`;
      const { code, message } = asUcbError(error, "ERR_UCB_ACTION", "");
      throw new UcbError(code, `${message} (before that, ${done} were affected)`, { cause: error });
    }
  }
  return affected;
}

async function submit(params: Record<string, unknown>, handler: BridgeHandler, by: Run): Promise<Job> {
  const { job } = params;
  if (!isRecord(job)) throw new UcbError("ERR_UCB_ARGUMENT", "submit: a job is a record of fields and values");
  const take = handler.submit?.bind(handler);
  if (take === undefined) throw missing("takes no jobs from callbacks");
  return await asked(() => take(job, by));
}

async function hostInfo(params: Record<string, unknown>, handler: BridgeHandler, by: Run): Promise<unknown> {
  const { query = {} } = params;
  if (!isRecord(query)) throw new UcbError("ERR_UCB_ARGUMENT", "hostinfo: a query is a record of fields and values");
  const find = handler.hostInfo?.bind(handler);
  if (find === undefined) throw missing("knows no hosts");
  const hosts = await asked(() => find(query, by));
  if (!Array.isArray(hosts)) throw new UcbError("ERR_UCB_ACTION", "the supervisor answered with no list of hosts");
  return hosts;
}

/** Whatever the supervisor throws reaches the callback with its own message. */
async function asked<T>(question: () => T | Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    throw asUcbError(error, "ERR_UCB_ACTION", "");
  }
}

function missing(what: string): UcbError {
  return new UcbError("ERR_UCB_BRIDGE", `this supervisor ${what}`);
}

const idFields = ["id", "pgrp"] as const;
const textFields = ["status", "user", "name", "label"] as const;
const queryFields: ReadonlySet<string> = new Set([...idFields, ...textFields, ...bulkyFields, "filters"]);

/**
 * A query as callbacks send it: values may stand alone or in a list, and ids may be text.
 * @throws UcbError `ERR_UCB_ARGUMENT` that names the field
 */
export function jobQueryOf(params: Record<string, unknown>): JobQuery {
  const query: JobQuery = {};
  for (const field of Object.keys(params)) {
    if (queryFields.has(field)) continue;
    const known = [...queryFields].join(", ");
    throw new UcbError("ERR_UCB_ARGUMENT", `jobinfo: "${field.slice(0, 80)}" cannot be asked for (${known})`);
  }
  for (const field of idFields)
    if (params[field] !== undefined) query[field] = valuesOf(field, params[field]).map(idOf);
  for (const field of textFields) if (params[field] !== undefined) query[field] = textsOf(field, params[field]);
  for (const field of bulkyFields) if (params[field] !== undefined) query[field] = Boolean(params[field]);
  if (params.filters !== undefined) query.filters = filtersOf(params.filters);
  return query;
}

function filtersOf(filters: unknown): Record<string, string[]> {
  if (!isRecord(filters)) throw new UcbError("ERR_UCB_ARGUMENT", "jobinfo: filters are a record of fields and values");
  return Object.fromEntries(Object.entries(filters).map(([field, values]) => [field, textsOf(field, values)]));
}

function valuesOf(field: string, value: unknown): unknown[] {
  const values = Array.isArray(value) ? value : [value];
  if (!values.some((one) => one === null || typeof one === "object")) return values;
  throw new UcbError("ERR_UCB_ARGUMENT", `jobinfo: ${field.slice(0, 80)} is compared with texts and numbers only`);
}

function textsOf(field: string, value: unknown): string[] {
  return valuesOf(field, value).map(String);
}

function idOf(value: unknown): number {
  const id = typeof value === "string" && /^\s*[0-9]+\s*$/.test(value) ? Number(value) : value;
  if (typeof id === "number" && Number.isSafeInteger(id) && id >= 0) return id;
  throw new UcbError("ERR_UCB_ARGUMENT", `jobinfo: "${String(value).slice(0, 80)}" is no job id`);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Level by level instead of recursively, since depth is what is in doubt. */
function checkDepth(params: unknown, method: string): void {
  let level: unknown[] = [params];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) {
      throw new UcbError("ERR_UCB_ARGUMENT", `${method.slice(0, 80)}: values are nested more than ${deepest} deep`);
    }
    level = level.flatMap((value) => (typeof value === "object" && value !== null ? Object.values(value) : []));
  }
}
