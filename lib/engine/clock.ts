import { performance } from "node:perf_hooks";

/** Time and turns of the event loop, for what plans ahead. */
export interface Clock {
  /** Milliseconds that no change of the system's time disturbs. */
  now(): number;
  /** Unix milliseconds. */
  unix(): number;
  /** Calls back once, no earlier than in `ms` milliseconds, and keeps the event loop alive until then. Returns what prevents it. */
  after(ms: number, call: () => void): () => void;
  /** Calls back in the next turn of the event loop. */
  soon(call: () => void): void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  unix: () => Date.now(),
  after(ms, call) {
    const timer = timerAfter(ms, call);
    return () => clearTimeout(timer);
  },
  soon: (call) => void setImmediate(call),
};

/** As the system's, but waiting keeps no event loop alive. */
export const backgroundClock: Clock = {
  ...systemClock,
  after(ms, call) {
    const timer = timerAfter(ms, call).unref();
    return () => clearTimeout(timer);
  },
};

/** Longer times would be taken for none at all; whoever is called too early waits again. */
function timerAfter(ms: number, call: () => void): NodeJS.Timeout {
  return setTimeout(call, Math.min(Math.max(1, Math.ceil(ms)), 2 ** 31 - 1));
}
