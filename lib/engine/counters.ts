/** Why a run is told of as `dropped`. */
export type DropCode = "ERR_UCB_THROTTLED" | "ERR_UCB_COALESCED" | "ERR_UCB_QUEUE_FULL" | "ERR_UCB_CLOSED";

/** What became of a callback's runs since the engine was opened. */
export interface CallbackCounters {
  /** Runs that events asked for, those included that were not let in. */
  fired: number;
  /** Attempts begun. */
  started: number;
  succeeded: number;
  /** Runs that failed, with all attempts they had. */
  failed: number;
  timedOut: number;
  /** Attempts whose end nobody saw. */
  lost: number;
  /** Attempts after a run's first that were granted. */
  retried: number;
  /** Not run, since `throttle` allows no more. */
  throttled: number;
  /** Not run, since a waiting run of the same job stands for them. */
  coalesced: number;
  /** Not run for other reasons: the queue was full, or the engine was closed. */
  dropped: Record<"ERR_UCB_QUEUE_FULL" | "ERR_UCB_CLOSED", number>;
}

export function noCounts(): CallbackCounters {
  return {
    ...{ fired: 0, started: 0, succeeded: 0, failed: 0, timedOut: 0, lost: 0, retried: 0, throttled: 0, coalesced: 0 },
    dropped: { ERR_UCB_QUEUE_FULL: 0, ERR_UCB_CLOSED: 0 },
  };
}
