import { quoted } from "../trigger/wording.js";
import { misplaced, type OptionMistake, type OptionReader, type OptionsDraft, wrong } from "./option-reader.js";
import { parseSize, parseSpan, parseWhole } from "./option-values.js";
import { type BreakerLimits, defaultRunLimits, mostOf, type Retry, type Throttle } from "./run-limits.js";

/** The options that say how many runs there may be, when, and what their processes may use. */
export const limitReaders: readonly (readonly [name: string, reader: OptionReader])[] = [
  ["max_running", reader(orNone(wholeNumber("how many may run at once", 1, mostOf.maxRunning)), assign("maxRunning"))],
  ["serial", reader(orNone(oneOf("job")), assign("serial"))],
  ["throttle", reader(orNone(throttle), assign("throttle"))],
  ["queue", reader(wholeNumber("how many may wait", 1, mostOf.queue), assign("queue"))],
  ["overflow", reader(oneOf("drop-newest", "drop-oldest", "coalesce"), assign("overflow"))],
  ["retry", reader(orNone(retry), assign("retry"))],
  ["breaker", reader(orNone(breaker), assign("breaker"))],
  ["on_lost", reader(oneOf("rerun", "report"), assign("onLost"))],
  ["nice", ofProcess(reader(wholeNumber("how far to stand back", 0, 19), assign("nice")))],
  ["limit.memory", ofProcess(reader(orNone(size(2 ** 20)), assignLimit("memory")))],
  // With fewer, an interpreter does not come up.
  ["limit.files", ofProcess(reader(orNone(wholeNumber("how many files", 16, 2 ** 30)), assignLimit("files")))],
  ["limit.output", ofProcess(reader(orNone(size(1)), assignLimit("output")))],
];

/** What a text means; a mistake if it means nothing. */
type Parse<Value> = (text: string) => { value: Value } | OptionMistake;
type Assign<Value> = (draft: OptionsDraft, value: Value) => void;

function reader<Value>(parse: Parse<Value>, set: Assign<Value>): OptionReader {
  return (text, draft) => {
    const parsed = parse(text);
    if ("code" in parsed) return [parsed];
    set(draft, parsed.value);
    return [];
  };
}

function assign<Name extends keyof OptionsDraft>(name: Name): Assign<OptionsDraft[Name]> {
  return (draft, value) => {
    draft[name] = value;
  };
}

function assignLimit(name: keyof OptionsDraft["limits"]): Assign<number | null> {
  return (draft, value) => {
    draft.limits = { ...draft.limits, [name]: value };
  };
}

/** `no` takes back what `[*]` sets. */
function orNone<Value>(parse: Parse<Value>): Parse<Value | null> {
  return (text) => {
    if (text.toLowerCase() === "no") return { value: null };
    const parsed = parse(text);
    return "code" in parsed ? { ...parsed, hint: `${parsed.hint}; or no` } : parsed;
  };
}

function ofProcess(read: OptionReader): OptionReader {
  return (text, draft, context) => {
    if (context.language !== "qube") return read(text, draft, context);
    const message = `a .qcb callback has no process, which ${quoted(context.name)} is for`;
    return [misplaced(message, "its codes are carried out by the engine; remove the line")];
  };
}

function wholeNumber(what: string, least: number, most: number): Parse<number> {
  return (text) => {
    const value = parseWhole(text, least, most);
    if (value !== null) return { value };
    return wrong(`${quoted(text)} is no whole number from ${least} to ${most}`, `write ${what}`);
  };
}

function oneOf<Word extends string>(...words: Word[]): Parse<Word> {
  return (text) => {
    const value = words.find((word) => word === text.toLowerCase());
    const choice = words.join(" or ");
    return value === undefined ? wrong(`${quoted(text)} is not ${choice}`, `write ${choice}`) : { value };
  };
}

function size(least: number): Parse<number> {
  const hint = "write a number and a unit, such as 512m or 2g";
  return (text) => {
    const value = parseSize(text);
    if (value === null) return wrong(`${quoted(text)} is no size`, hint);
    return value < least ? wrong(`${quoted(text)} is too little`, hint) : { value };
  };
}

function throttle(text: string): { value: Throttle } | OptionMistake {
  const hint = "write a number, / and a time span: 1/10m, 5/1m per job, 100/1h per callback";
  const [, count, span = "", per] = /^([0-9]+) *\/ *(.*?)(?: +per +(job|callback))?$/.exec(text) ?? [];
  if (count === undefined) return wrong(`${quoted(text)} is no number of runs in a time span`, hint);
  const runs = parseWhole(count, 1, mostOf.throttledRuns);
  if (runs === null) return wrong(`${count} is no number of runs from 1 to ${mostOf.throttledRuns}`, hint);
  const period = parsePeriod(span, hint);
  if (typeof period !== "number") return period;
  return { value: { runs, periodMs: period, per: per === "job" ? "job" : "callback" } };
}

function retry(text: string): { value: Retry } | OptionMistake {
  const hint = "write how often and, behind a comma, after what time: 3, 10s";
  const parsed = numberAndSpan(text, mostOf.retries, defaultRunLimits.retry.delayMs, hint);
  return "code" in parsed ? parsed : { value: { times: parsed.number, delayMs: parsed.ms } };
}

function breaker(text: string): { value: BreakerLimits } | OptionMistake {
  const hint = "write after how many failures in a row and, behind a comma, for how long: 20, 30s";
  const parsed = numberAndSpan(text, mostOf.failures, defaultRunLimits.breaker.pauseMs, hint);
  return "code" in parsed ? parsed : { value: { failures: parsed.number, pauseMs: parsed.ms } };
}

/** A number from 1, and a time span that may be left out. */
function numberAndSpan(
  text: string,
  most: number,
  usualMs: number,
  hint: string,
): { number: number; ms: number } | OptionMistake {
  const [count = "", span, ...rest] = text.split(",").map((part) => part.trim());
  if (rest.length > 0) return wrong(`${quoted(text)} is more than a number and a time span`, hint);
  const number = parseWhole(count, 1, most);
  if (number === null) return wrong(`${quoted(count)} is no whole number from 1 to ${most}`, hint);
  const ms = span === undefined ? usualMs : parsePeriod(span, hint);
  return typeof ms === "number" ? { number, ms } : ms;
}

function parsePeriod(text: string, hint: string): number | OptionMistake {
  const period = parseSpan(text);
  if (period === null || period <= 0) return wrong(`${quoted(text)} is no time span`, hint);
  return period > mostOf.spanMs ? wrong(`${text} is too long`, "24 days are the most") : period;
}
