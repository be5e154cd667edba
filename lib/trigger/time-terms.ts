import type { Term, Trigger } from "./ast.js";
import { exactText, matchesPattern } from "./pattern.js";
import { type EventType, type GlobalType, globalTypes } from "./vocabulary.js";

/** Times at which events happen by themselves, since a trigger waits for them. In seconds of Qube time. */
export interface TimeTerm {
  type: "time" | "repeat" | GlobalType;
  /** As the event has it: the time, and for repetitions the interval behind a dash. */
  extra: string;
  at: number;
  /** Null for a single time. */
  interval: number | null;
  /** The only job whose event is asked for; null for all. */
  jobId: number | null;
}

/** The name that supervisors give to events of time. */
export const timeEventName = "dummy";

const timeTypes: ReadonlySet<EventType> = new Set<EventType>(["time", "repeat", ...globalTypes]);

/** The times of a trigger's terms. Those that hold a wildcard, or another name, name none. */
export function timeTermsOf({ terms }: Trigger): TimeTerm[] {
  return terms.flatMap((term) => {
    const time = timeTermOf(term);
    return time === null ? [] : [time];
  });
}

function timeTermOf({ name, types, context, extra }: Term): TimeTerm | null {
  const [type] = types;
  const text = exactText(extra);
  if (type === undefined || types.length > 1 || text === undefined || !isTimeType(type)) return null;
  const isGlobal = context.kind === "global";
  if (!isGlobal && !matchesPattern(name, timeEventName)) return null;
  const [at, interval] = text.split("-").map(Number);
  if (at === undefined) return null;
  return { type, extra: text, at, interval: interval ?? null, jobId: context.kind === "job" ? context.id : null };
}

function isTimeType(type: EventType): type is TimeTerm["type"] {
  return timeTypes.has(type);
}
