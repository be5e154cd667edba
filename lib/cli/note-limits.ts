import type { CallbackPause } from "../engine/breaker.js";
import type { CallbackEngine } from "../engine/callback-engine.js";
import { type CommandLog, fieldsOfRun } from "./command-log.js";
import { count } from "./count.js";
import { spanOfTime } from "./span-of-time.js";

/** Tells, as it happens, what runs wait for. */
export function noteLimits(engine: CallbackEngine, log: CommandLog): void {
  engine.on("paused", (pause) => {
    const { callbackId, reason, until } = pause;
    const callback = fileOf(engine, pause);
    const fields = { callback, callbackId, reason, until: new Date(until) };
    log.warn(`${callback} is paused for ${roundSpan(until - Date.now())}: ${reason}`, fields);
  });
  engine.on("resumed", (pause) => {
    const callback = fileOf(engine, pause);
    log.info(`${callback} is resumed: it succeeded when it was tried`, { callback, callbackId: pause.callbackId });
  });
  engine.on("run", (run) => {
    const { state, retryAt, callback, jobId, attempt, id, reason } = run;
    if (state !== "queued" || retryAt === null) return;
    const span = roundSpan(retryAt - Date.now());
    const text = `${callback} for job ${jobId} asked to be tried again: attempt ${attempt} in ${span} (run ${id})`;
    log.info(text, { ...fieldsOfRun(run), reason, retryAt: new Date(retryAt) });
  });
}

/** Shorter waits need no explanation. */
const longWaitMs = 1000;

/**
 * Tells, once there is no more input, when nothing runs and all that is left waits for the end of a pause: whoever looks at
 * the command should not have to guess why it does not end. Again whenever another pause has begun.
 */
export function noteRest(engine: CallbackEngine, log: CommandLog): void {
  let toldUntil = 0;
  const look = () => {
    const { queued, running, delayed } = engine.load;
    const pauses = [...engine.pauses().values()];
    const until = Math.max(0, ...pauses.map((pause) => pause.until));
    if (queued === 0 || running > 0 || delayed < queued) return;
    if (until <= toldUntil || until - Date.now() < longWaitMs) return;
    toldUntil = until;
    const tried = pauses.map(
      (pause) => `${fileOf(engine, pause)} is tried again in ${roundSpan(pause.until - Date.now())}`,
    );
    log.info(
      `the input has ended, and nothing runs: ${count(queued, "run")} ${queued === 1 ? "waits" : "wait"} for the end of a ` +
        `pause (${tried.join(", ")}); Ctrl-C or SIGTERM, twice, ends the wait`,
      { queued },
    );
  };
  // What is told of a run may be told before it is counted.
  const lookSoon = () => void setImmediate(look);
  engine.on("run", lookSoon);
  engine.on("paused", lookSoon);
  look();
}

function fileOf(engine: CallbackEngine, { callbackId }: CallbackPause): string {
  return engine.callbacks.find(({ id }) => id === callbackId)?.file ?? callbackId;
}

function roundSpan(ms: number): string {
  const unit = ms < 1000 ? 1 : ms < 10_000 ? 100 : 1000;
  return spanOfTime(Math.max(0, Math.round(ms / unit) * unit));
}
