import type { CallbackPause } from "../engine/breaker.js";
import type { CallbackEngine } from "../engine/callback-engine.js";
import { note } from "./complaint.js";
import { spanOfTime } from "./span-of-time.js";

/** Tells, as it happens, what runs wait for. */
export function noteLimits(engine: CallbackEngine): void {
  const fileOf = ({ callbackId }: CallbackPause) =>
    engine.callbacks.find(({ id }) => id === callbackId)?.file ?? callbackId;
  engine.on("paused", (pause) => {
    const { reason, until } = pause;
    note(`${fileOf(pause)} is paused for ${roundSpan(until - Date.now())}: ${reason}`);
  });
  engine.on("resumed", (pause) => note(`${fileOf(pause)} is resumed: it succeeded when it was tried`));
  engine.on("run", ({ state, retryAt, callback, jobId, attempt, id }) => {
    if (state !== "queued" || retryAt === null) return;
    const span = roundSpan(retryAt - Date.now());
    note(`${callback} for job ${jobId} asked to be tried again: attempt ${attempt} in ${span} (run ${id})`);
  });
}

function roundSpan(ms: number): string {
  const unit = ms < 1000 ? 1 : ms < 10_000 ? 100 : 1000;
  return spanOfTime(Math.max(0, Math.round(ms / unit) * unit));
}
