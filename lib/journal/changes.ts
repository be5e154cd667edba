import type { Run } from "../execute/run.js";
import type { Change, StoredProcess, StoredProgress, StoredRun } from "./records.js";

/** What a run was fired with. `known` and the rest are JSON already, since the same job's record is written often. */
export function runChange(stored: { run: Run; kind: StoredRun["kind"] }, records: StoredRecords): Change {
  const { known, carried, work, subjob } = records;
  const optional = Object.entries({ carried, work, subjob }).flatMap(([name, json]) =>
    json === undefined ? [] : `,"${name}":${json}`,
  );
  const { run, kind } = stored;
  return ["runs", run.id, `{"run":${JSON.stringify(run)},"kind":"${kind}","known":${known}${optional.join("")}}`];
}

/** Records of a run as JSON. */
export interface StoredRecords {
  known: string;
  carried?: string | undefined;
  work?: string | undefined;
  subjob?: string | undefined;
}

/** What has become of a run since; only what can change is written. */
export function progressChange(run: Run, process: StoredProcess | null): Change {
  const { id, callbackId, callback, event, eventFields, jobId, triggers, causes, generation, queuedAt, ...changing } =
    run;
  const progress: StoredProgress = { run: changing, process };
  return ["progress", id, JSON.stringify(progress)];
}

/** A run as it was read, to be written again. */
export function storedChanges(stored: StoredRun): Change[] {
  return [["runs", stored.run.id, JSON.stringify(stored)], progressChange(stored.run, stored.process)];
}

/** Moves a run to the finished ones. */
export function endChanges(run: Run): Change[] {
  return [
    ["runs", run.id, null],
    ["progress", run.id, null],
    ["finished", run.id, JSON.stringify(run)],
  ];
}

/** What the matcher exported of one owner; null if it remembers nothing. */
export function memoryChange(owner: number, exported: Uint8Array | null): Change {
  return ["memories", String(owner), exported];
}

/** An attached job, its record as JSON; null if it is attached no more. */
export function jobChange(id: number, json: string | null): Change {
  return ["jobs", String(id), json];
}
