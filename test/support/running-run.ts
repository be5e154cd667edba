import { firedRun, type Run } from "../../lib/execute/run.js";
import { parseEvent } from "../../lib/trigger/event.js";

/** A run as an engine hands it to what executes it. */
export function runningRun(
  id: string,
  callback: { id: string; file: string },
  event: string,
  jobId = parseEvent(event).jobId,
): Run {
  const named = { id, callbackId: callback.id, callback: callback.file };
  const fired = {
    event,
    eventFields: parseEvent(event),
    jobId,
    triggers: [],
    causes: null,
    generation: 1,
    queuedAt: 0,
  };
  return { ...firedRun({ ...named, ...fired }), state: "running" };
}
