import type { Job } from "../bridge/supervisor.js";
import type { RunLimits } from "../config/run-limits.js";
import { UcbError } from "../errors.js";
import type { Trigger } from "../trigger/ast.js";
import { type EventFields, isGlobal, parseEvent } from "../trigger/event.js";
import type { AttachedJob } from "../trigger/matcher.js";
import { type Standing, standingsOf, type TermStanding } from "../trigger/standing.js";
import { type CallbackTable, idOf, isEnabled, nameOf, type TableEntry, triggersOf } from "./callback-table.js";
import type { JobRecords } from "./job-records.js";
import type { Happening, MemoryTrace } from "./memory-trace.js";
import { limitsOf } from "./runs.js";

/** What an event would do if it were reported now. Times are Unix milliseconds. */
export interface EventExplanation {
  event: string;
  /** Whether its job is attached, or becomes so by the event; null for events without a job. */
  isAttached: boolean | null;
  /** Each trigger of each callback, disabled ones included, in their order. */
  triggers: TriggerStanding[];
}

/** How a trigger of a callback stands to an event. */
export interface TriggerStanding {
  callbackId: string;
  callback: string;
  enabled: boolean;
  trigger: string;
  /** Whether a run comes of it for at least one owner, now or once the callback's pause ends. */
  fires: boolean;
  /** Those that the event concerns, or else its own job; no more than 20. */
  owners: OwnerStanding[];
  /** How many more there are. */
  omitted: number;
}

/** How a trigger stands for one owner job. */
export interface OwnerStanding {
  /** 0 for global events. */
  jobId: number;
  isAttached: boolean;
  /** Whether the trigger is satisfied. */
  fires: boolean;
  terms: (TermStanding & Happening)[];
  /** What the run meets then; null if nothing, or if there is none. */
  obstacle: Obstacle | null;
}

/** What keeps a run from beginning: it is not let in, or waits for the end of a pause. */
export interface Obstacle {
  kind: "throttled" | "coalesced" | "queue-full" | "paused";
  /** For people. */
  reason: string;
  /** When it is over; null where that depends on other runs. */
  until: number | null;
}

/** What an explanation is made from. */
export interface ExplanationRoom {
  table: CallbackTable;
  records: JobRecords;
  memories: () => MemoryTrace;
  obstacle(callbackId: string, limits: RunLimits, owner: number): Obstacle | null;
}

/** A job may be the parent of a million others. */
export const mostOwners = 20;
/** How long looking for relatives may hold up the event loop. */
const longestSliceMs = 4;

/**
 * Explains an event, with the job's record that it carries.
 * @throws UcbError `ERR_UCB_EVENT`
 */
export async function explainEvent(
  event: string,
  carried: Job | undefined,
  room: ExplanationRoom,
): Promise<EventExplanation> {
  const fields = parseEvent(event);
  if (carried !== undefined && carried.id !== fields.jobId) {
    throw new UcbError("ERR_UCB_EVENT", `event "${event}" carries the record of job ${carried.id}`);
  }
  const rules = room.table.entries.flatMap((entry) => triggersOf(entry).map((trigger) => ({ entry, trigger })));
  const jobs = await jobsOf(fields, carried, rules, room.records);
  const memories = room.memories();
  const attached = new Set(jobs.map(({ id }) => id));
  return {
    event,
    isAttached: isGlobal(fields.type) ? null : attached.has(fields.jobId),
    triggers: rules.map(({ entry, trigger }) => {
      const id = idOf(entry);
      const standings = standingsOf(trigger, fields, jobs, (owner) => memories.happened(owner, id, trigger));
      const owners = standings.map((standing) => ownerOf(standing, entry, trigger, attached, memories, room));
      const enabled = isEnabled(entry);
      const fires = enabled && owners.some(({ fires, obstacle }) => fires && (obstacle?.kind ?? "paused") === "paused");
      // Those for which it fires are the most telling.
      owners.sort((one, other) => Number(other.fires) - Number(one.fires));
      return {
        ...{ callbackId: id, callback: nameOf(entry), enabled, trigger: trigger.text, fires },
        ...{ owners: owners.slice(0, mostOwners), omitted: Math.max(0, owners.length - mostOwners) },
      };
    }),
  };
}

function ownerOf(
  { jobId, fires, terms }: Standing,
  entry: TableEntry,
  trigger: Trigger,
  attached: ReadonlySet<number>,
  memories: MemoryTrace,
  room: ExplanationRoom,
): OwnerStanding {
  const happened = memories.happened(jobId, idOf(entry), trigger);
  return {
    ...{ jobId, fires, isAttached: attached.has(jobId) },
    terms: terms.map((term, index) => ({ ...term, ...(happened.get(index) ?? { event: null, at: null }) })),
    obstacle: fires && isEnabled(entry) ? room.obstacle(idOf(entry), limitsOf(entry), jobId) : null,
  };
}

/** The job of the event, with what is new of it, and those that it may concern beside: its children and its process group. */
async function jobsOf(
  { name, type, jobId }: EventFields,
  carried: Job | undefined,
  rules: readonly { trigger: Trigger }[],
  records: JobRecords,
): Promise<AttachedJob[]> {
  const known = records.get(jobId);
  const isSubmission = type === "job" && name === "submit";
  const own = known === undefined && !isSubmission ? [] : [{ ...known, ...carried, id: jobId }];
  const concernsOthers = rules.some(({ trigger }) =>
    trigger.terms.some(({ context: { kind } }) => kind === "parent" || kind === "label"),
  );
  if (isGlobal(type) || !concernsOthers) return own;
  const pgrp = own[0]?.pgrp || jobId;
  const others: AttachedJob[] = [];
  let end = performance.now() + longestSliceMs;
  for (const job of records.all()) {
    if (job.id !== jobId && (job.pid === jobId || (job.pgrp || job.id) === pgrp)) others.push(job);
    if (performance.now() < end) continue;
    await new Promise((resolve) => setImmediate(resolve));
    end = performance.now() + longestSliceMs;
  }
  return [...others, ...own];
}
