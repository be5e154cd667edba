import { existsSync } from "node:fs";
import { runLogPath } from "../execute/job-log.js";
import { bootId, findRuns, isSameProcess } from "../execute/process-identity.js";
import type { StoredProcess, StoredRun } from "../journal/records.js";

/**
 * What has become of a run since the engine that fired it died: it waits still, its process is alive, or an attempt has
 * ended unseen.
 */
export type Fate = "queued" | "alive" | "ended";

export interface RecoveredRun {
  stored: StoredRun;
  fate: Fate;
  /** Of a run that is alive. */
  process: StoredProcess | null;
}

/** Finds out what has become of the runs of a journal, in their order. */
export function recoverRuns(runs: readonly StoredRun[], logPath: string): RecoveredRun[] {
  const boot = bootId();
  // A process may have been started just before its engine died, with nothing but its environment to tell whose it is.
  const waiting = runs.filter(({ run, kind }) => run.state === "queued" && kind === "site");
  const found = findRuns(new Set(waiting.map(({ run }) => run.id)));
  return runs.map((stored): RecoveredRun => {
    const { run, kind, process } = stored;
    if (run.state !== "queued") {
      const isAlive = process !== null && process.bootId === boot && isSameProcess(process.pid, process.startTicks);
      return isAlive ? { stored, fate: "alive", process } : { stored, fate: "ended", process: null };
    }
    const started = found.get(run.id);
    if (started?.attempt === run.attempt) {
      const { pid, startTicks, startedAt, token } = started;
      return { stored, fate: "alive", process: { pid, startTicks, bootId: boot, startedAt, deadlineAt: null, token } };
    }
    const wasStarted = kind === "site" && run.retryAt === null && existsSync(runLogPath(logPath, run));
    return { stored, fate: wasStarted ? "ended" : "queued", process: null };
  });
}
