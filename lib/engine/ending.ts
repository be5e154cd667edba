import type { Verdict } from "./breaker.js";
import type { CallbackCounters } from "./counters.js";

/**
 * How an attempt ended: `lost` if nobody saw it end, `unknown` if somebody saw it but not how, `later` if it asks for
 * another, `left` if it goes on and nobody will know its end.
 */
export type Ending = "succeeded" | "failed" | "timed-out" | "lost" | "unknown" | "later" | "left";

/** An attempt that executes. */
export interface Slot {
  /**
   * The attempt has ended; to be called once. Returns when the run will be tried again, in Unix milliseconds, or null
   * if it has ended, too. `reason` is told if the callback is paused for it.
   */
  end(ending: Ending, reason: string | null): number | null;
}

/** What an attempt's end says of its callback. */
export function verdictOf(ending: Ending, isTriedAgain: boolean): Verdict {
  if (ending === "later") return isTriedAgain ? "later" : "failed";
  if (ending === "succeeded") return "succeeded";
  return ending === "failed" || ending === "timed-out" ? "failed" : "none";
}

export function countEnding(counters: CallbackCounters, ending: Ending, isTriedAgain: boolean): void {
  if (isTriedAgain) counters.retried++;
  if (ending === "succeeded") counters.succeeded++;
  if (ending === "timed-out") counters.timedOut++;
  if (ending === "lost" || ending === "unknown") counters.lost++;
  if (ending === "failed" || (ending === "later" && !isTriedAgain)) counters.failed++;
}
