import { isAbsolute } from "node:path";
import { argumentError, isObject, shownValue, unreadableError } from "../argument-error.js";
import type { Job, Subjob, Work } from "../bridge/supervisor.js";
import { didYouMean } from "../config/did-you-mean.js";
import { defaultRunLimits, mostOf } from "../config/run-limits.js";
import { type ErrorCode, UcbError } from "../errors.js";
import { mistakeInData } from "../plain-data.js";
import { type EventFields, formatEvent, isEventType, isGlobal } from "../trigger/event.js";
import { isTrigger } from "../trigger/is-trigger.js";
import type { CloseMode } from "./callback-engine.js";
import type { EngineEvents } from "./engine-events.js";
import type { EngineOptions } from "./engine-options.js";
import type { EventRecords } from "./run-book.js";

/**
 * What the engine asks of values that callers pass who have no compiler to check them. Those of the configuration are
 * checked where it is loaded.
 * @throws UcbError `ERR_UCB_ARGUMENT` that names the option
 */
export function checkEngineOptions(options: unknown): asserts options is EngineOptions {
  if (!isObject(options)) throw argumentError("options", "an object", options);
  checkNames(options, Object.keys(engineOptionNames), "option");
  const { configuration, logPath, supervisor, maxRunning, killAfterMs, state, retention, warm } = options;
  if (configuration !== undefined) checkConfiguration(configuration);
  if (logPath !== undefined && !(typeof logPath === "string" && isAbsolute(logPath) && !logPath.includes("\0"))) {
    throw argumentError("logPath", "an absolute path", logPath);
  }
  if (state !== undefined && !(typeof state === "string" && isAbsolute(state) && !state.includes("\0"))) {
    throw argumentError("state", "an absolute path", state);
  }
  for (const name of ["watch", "trace"]) {
    const value = options[name];
    if (value !== undefined && typeof value !== "boolean") throw argumentError(name, "true or false", value);
  }
  if (retention !== undefined) checkRetention(retention);
  if (warm !== undefined) checkWarm(warm);
  if (supervisor !== undefined) checkSupervisor(supervisor);
  if (maxRunning !== undefined) checkPositive("maxRunning", maxRunning);
  if (killAfterMs !== undefined) checkPositive("killAfterMs", killAfterMs);
}

const engineOptionNames: Record<keyof EngineOptions, true> = {
  qbConf: true,
  directories: true,
  configuration: true,
  logPath: true,
  supervisor: true,
  maxRunning: true,
  killAfterMs: true,
  strict: true,
  state: true,
  retention: true,
  trace: true,
  watch: true,
  warm: true,
  environment: true,
};

/** What is misspelt would otherwise be left out without a word. */
function checkNames(options: object, names: readonly string[], what: string): void {
  const stranger = Object.keys(options).find((name) => !names.includes(name));
  if (stranger === undefined) return;
  const hint = didYouMean(stranger, names) ?? `known are ${names.join(", ")}`;
  throw new UcbError("ERR_UCB_ARGUMENT", `${shownValue(stranger)} is no ${what}`, { hint });
}

function checkConfiguration(configuration: unknown): void {
  const isLoaded =
    isObject(configuration) &&
    isObject(configuration.qbConf) &&
    Array.isArray(configuration.callbacks) &&
    Array.isArray(configuration.diagnostics);
  if (!isLoaded) throw argumentError("configuration", "what loadConfiguration resolves to", configuration);
}

function checkRetention(retention: unknown): void {
  if (!isObject(retention)) throw argumentError("retention", "an object", retention);
  checkNames(retention, ["ms", "runs"], "option of retention");
  for (const name of ["ms", "runs"]) {
    const value = retention[name];
    const isCount = typeof value === "number" && value >= 0;
    if (value !== undefined && !isCount) throw argumentError(`retention.${name}`, "a number, 0 or more", value);
  }
}

function checkWarm(warm: unknown): void {
  if (!isObject(warm)) throw argumentError("warm", "an object", warm);
  checkNames(warm, ["forks", "idleMs"], "option of warm");
  for (const name of ["forks", "idleMs"]) {
    if (warm[name] !== undefined) checkPositive(`warm.${name}`, warm[name]);
  }
}

function checkSupervisor(supervisor: unknown): void {
  if (!isObject(supervisor)) throw argumentError("supervisor", "an object", supervisor);
  for (const name of ["jobInfo", "perform"]) {
    if (typeof supervisor[name] !== "function") {
      throw argumentError(`supervisor.${name}`, "a function", supervisor[name]);
    }
  }
  for (const name of ["submit", "hostInfo"]) {
    if (supervisor[name] !== undefined && typeof supervisor[name] !== "function") {
      throw argumentError(`supervisor.${name}`, "a function or absent", supervisor[name]);
    }
  }
}

/** @throws UcbError `ERR_UCB_ARGUMENT` */
export function checkPositive(name: string, value: unknown): void {
  if (!(typeof value === "number" && value > 0)) throw argumentError(name, "a number above 0", value);
}

/**
 * A job's record as it was at this moment, and its fields what matching takes them for.
 * @throws UcbError that names the field
 */
export function jobOf(job: unknown, name = "job", code: ErrorCode = "ERR_UCB_ARGUMENT"): Job {
  if (!isObject(job)) throw argumentError(name, "an object with an id", job, code);
  // Read once, so that what was checked is what is used.
  const { copy, mistake } = read(name, code, () => {
    const { id, pid, pgrp, label } = job;
    const copy = { ...job, ...withoutAbsent({ id, pid, pgrp, label }) };
    return { copy, mistake: mistakeInData(copy, name) };
  });
  // Null is how many languages write that there is none.
  checkId(`${name}.id`, copy.id, 1, code);
  for (const field of ["pid", "pgrp"] as const) {
    if (isGiven(copy[field])) checkId(`${name}.${field}`, copy[field], 0, code);
  }
  if (isGiven(copy.label) && typeof copy.label !== "string") {
    throw argumentError(`${name}.label`, "a string", copy.label, code);
  }
  if (mistake !== null) throw new UcbError(code, mistake);
  return copy as Job;
}

/**
 * The text of an event that was given taken apart.
 * @throws UcbError `ERR_UCB_EVENT` that names the field
 */
export function textOf(event: unknown): string {
  if (!isObject(event)) throw argumentError("event", "a string or an object", event, "ERR_UCB_EVENT");
  const fields = read("event", "ERR_UCB_EVENT", () => {
    const { type, name, jobId, extra } = event;
    return { type, name: name ?? "", jobId: jobId ?? undefined, extra: extra ?? "" };
  });
  const { type, name, jobId, extra } = fields;
  if (typeof name !== "string") throw argumentError("event.name", "a string", name, "ERR_UCB_EVENT");
  if (name.includes("-")) throw new UcbError("ERR_UCB_EVENT", `the event name "${name}" holds a dash`);
  if (typeof type === "string" && isEventType(type) && isGlobal(type) && (name !== "" || jobId !== undefined)) {
    throw new UcbError("ERR_UCB_EVENT", `a ${type} event has neither name nor job`);
  }
  // A larger number is not the one that was meant, and is written with an exponent.
  const isExact = typeof extra === "number" && Math.abs(extra) <= Number.MAX_SAFE_INTEGER;
  if (typeof extra !== "string" && !isExact) {
    throw argumentError("event.extra", "a string, or a number up to 2^53-1", extra, "ERR_UCB_EVENT");
  }
  const mistake = mistakeInData({ name, extra }, "event");
  if (mistake !== null) throw new UcbError("ERR_UCB_EVENT", mistake);
  // formatEvent judges the rest, whatever it is.
  return formatEvent({ name, type, jobId: jobId ?? 0, extra: String(extra) } as EventFields);
}

/**
 * The records that an event carries; null is none.
 * @throws UcbError `ERR_UCB_EVENT` that names the record or its field
 */
export function recordsOf(event: object): EventRecords {
  const { job, work, subjob } = read("event", "ERR_UCB_EVENT", () => {
    const { job, work, subjob } = event as Record<string, unknown>;
    return { job: job ?? undefined, work: work ?? undefined, subjob: subjob ?? undefined };
  });
  return {
    job: job === undefined ? undefined : jobOf(job, "event.job", "ERR_UCB_EVENT"),
    work: partOf<Work>("event.work", work),
    subjob: partOf<Subjob>("event.subjob", subjob),
  };
}

function partOf<Part>(name: string, part: unknown): Part | undefined {
  if (part === undefined) return undefined;
  if (!isObject(part)) throw argumentError(name, "an object", part, "ERR_UCB_EVENT");
  const { copy, mistake } = read(name, "ERR_UCB_EVENT", () => ({
    copy: { ...part },
    mistake: mistakeInData(part, name),
  }));
  if (mistake !== null) throw new UcbError("ERR_UCB_EVENT", mistake);
  return copy as Part;
}

/**
 * What every registration must have; name, trigger and limits are checked where they are used.
 * @throws UcbError `ERR_UCB_ARGUMENT`
 */
export function checkRegistration(callback: unknown): void {
  if (!isObject(callback)) throw argumentError("callback", "an object with on and run", callback);
  const { on, run, name, timeoutMs, limits } = read("callback", "ERR_UCB_ARGUMENT", () => ({ ...callback }));
  if (typeof on !== "string" && !isTrigger(on)) throw argumentError("on", "a trigger or its text", on);
  if (typeof run !== "function") throw argumentError("run", "a function", run);
  if (name !== undefined && (typeof name !== "string" || name === "")) {
    throw argumentError("name", "a string that is not empty", name);
  }
  if (timeoutMs !== undefined) checkTimeout(timeoutMs);
  if (limits !== undefined) checkLimitNames(limits);
}

function checkLimitNames(limits: unknown): void {
  if (!isObject(limits)) throw argumentError("limits", "an object", limits);
  checkNames(limits, Object.keys(defaultRunLimits), "limit");
}

function checkTimeout(timeoutMs: unknown): void {
  checkPositive("timeoutMs", timeoutMs);
  // A timer that is set for longer fires at once.
  if (Number(timeoutMs) > mostOf.spanMs) throw argumentError("timeoutMs", "24 days at most", timeoutMs);
}

const eventNames: Record<keyof EngineEvents, true> = {
  run: true,
  slow: true,
  action: true,
  paused: true,
  resumed: true,
  durability: true,
  configuration: true,
  problem: true,
};

/** @throws UcbError `ERR_UCB_ARGUMENT` for an event that is never told, or a listener that cannot be called */
export function checkListener(name: unknown, listener: unknown): void {
  if (typeof name !== "string" || !Object.hasOwn(eventNames, name)) {
    throw argumentError("the name of what is told", Object.keys(eventNames).join(", "), name);
  }
  if (typeof listener !== "function") throw argumentError("listener", "a function", listener);
}

const closeModes: readonly unknown[] = ["wait", "leave", "terminate"] satisfies CloseMode[];

/** @throws UcbError `ERR_UCB_ARGUMENT` */
export function closeModeOf(options: unknown): CloseMode {
  if (!isObject(options)) throw argumentError("options", "an object", options);
  const { running = "wait" } = options;
  if (!closeModes.includes(running)) throw argumentError("running", "wait, leave or terminate", running);
  return running as CloseMode;
}

function checkId(name: string, id: unknown, least: number, code: ErrorCode): void {
  if (Number.isSafeInteger(id) && Number(id) >= least) return;
  throw argumentError(name, `a whole number from ${least} to 2^53-1`, id, code);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function withoutAbsent<Fields extends object>(fields: Fields): Partial<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>;
}

function read<Value>(name: string, code: ErrorCode, getters: () => Value): Value {
  try {
    return getters();
  } catch (cause) {
    throw unreadableError(name, cause, code);
  }
}
