/** At most so many runs in a period that begins with the first of them. */
export interface Throttle {
  /** 1 to 1,000,000. */
  runs: number;
  /** Milliseconds, up to 24 days. */
  periodMs: number;
  /** Whether each owner job has a count of its own. */
  per: "job" | "callback";
}

/** Attempts after the first, for a callback that asks for them with exit 75. */
export interface Retry {
  /** 1 to 100. */
  times: number;
  /** Milliseconds until the first of them; doubled from one to the next. */
  delayMs: number;
}

/** When to stop running a callback that only fails. */
export interface BreakerLimits {
  /** In a row. */
  failures: number;
  /** How long the callback is paused first, in milliseconds; doubled, up to an hour, each time it fails again when it is tried. */
  pauseMs: number;
}

/** What gives way when a queue is full: the run that comes, the oldest that has not begun, or one that another stands for. */
export type Overflow = "drop-newest" | "drop-oldest" | "coalesce";

/** How many runs of a callback there may be, and when. */
export interface RunLimits {
  /** Runs at once; null for as many as the engine has room for. */
  maxRunning: number | null;
  /** `job` for one at a time for each owner job, in the order of their events; null for no order. */
  serial: "job" | null;
  /** Null for no throttle. */
  throttle: Throttle | null;
  /** How many runs may wait. */
  queue: number;
  overflow: Overflow;
  /** Null for no second attempt. */
  retry: Retry | null;
  /** Null for never. */
  breaker: BreakerLimits | null;
  /** What becomes of a run whose end nobody saw. */
  onLost: "rerun" | "report";
}

const usualRetry: Retry = { times: 3, delayMs: 10_000 };
const usualBreaker: BreakerLimits = { failures: 20, pauseMs: 30_000 };

/** What holds where nothing else is said. */
export const defaultRunLimits = {
  maxRunning: null,
  serial: null,
  throttle: null,
  queue: 10_000,
  overflow: "drop-newest",
  retry: usualRetry,
  breaker: usualBreaker,
  onLost: "rerun",
} as const satisfies RunLimits;

/** The greatest values that are taken for meant. */
export const mostOf = {
  maxRunning: 1_000_000,
  throttledRuns: 1_000_000,
  queue: 10_000_000,
  retries: 100,
  failures: 1_000_000,
  /** What a timer of Node's can wait for. */
  spanMs: 24 * 24 * 60 * 60 * 1000,
} as const;
