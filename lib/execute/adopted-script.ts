import { existsSync } from "node:fs";
import type { CallbackOptions } from "../config/configuration.js";
import type { UcbError } from "../errors.js";
import { type Execution, type Outcome, outcomeOf, type RunProcess } from "./execution.js";
import { jobLogPath, logHeader, logTrailer, runLogPath } from "./job-log.js";
import type { ProcessOutcome } from "./launched.js";
import { fileOutput, type ScriptRoom } from "./script.js";

/** Waits for a process that an earlier engine has started for the run, and files its output. */
export async function adoptScript(
  execution: Execution,
  room: ScriptRoom,
  process: RunProcess,
  { timeoutMs, limits }: Pick<CallbackOptions, "timeoutMs" | "limits">,
): Promise<Outcome> {
  const { run } = execution;
  if (process.token !== "") room.bridge.restore(run, process.token);
  try {
    const ended = await waitFor(
      { ...process, deadlineAt: process.deadlineAt ?? process.startedAt + timeoutMs },
      execution,
      room,
    );
    if (ended === null) return await fileLost(execution, room);
    return await fileOutput(execution, room, ended, limits.output);
  } finally {
    room.bridge.revoke(run);
  }
}

/** Files what a run has left behind that ended while nobody watched. */
export async function fileLost(execution: Execution, room: ScriptRoom): Promise<Outcome> {
  const { run } = execution;
  const startedAt = run.startedAt ?? run.queuedAt;
  const output = runLogPath(room.logPath, run);
  const reason = "it ended while no supervisor was there to see how";
  const lost = (log: { log?: string }): Outcome => ({
    ...outcomeOf("lost", startedAt, { reason, code: "ERR_UCB_LOST", ...log }),
    durationMs: null,
  });
  if (!existsSync(output)) return lost({});
  const log = jobLogPath(room.logPath, run.jobId);
  await room.launcher.appendLog({
    log,
    header: logHeader(run, startedAt),
    bodyFile: output,
    trailer: logTrailer(run, `lost: ${reason}`, null),
  });
  return lost({ log });
}

/** Null if it is gone. */
function waitFor(
  process: RunProcess & { deadlineAt: number },
  execution: Execution,
  room: ScriptRoom,
): Promise<ProcessOutcome | null> {
  const { pid, startTicks, startedAt, deadlineAt } = process;
  const timeoutMs = Math.max(1, deadlineAt - startedAt);
  return new Promise((resolve, reject) => {
    room.launcher.adopt(
      { pid, startTicks, startedAt, timeoutMs, slowAfterMs: Math.ceil(timeoutMs / 3), killAfterMs: room.killAfterMs },
      {
        slow: () => execution.slow(),
        exited: resolve,
        failed: (error: UcbError) => {
          if (error.code === "ERR_UCB_GONE") resolve(null);
          else reject(error);
        },
      },
    );
  });
}
