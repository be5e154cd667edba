import { checkWhole } from "../argument-error.js";
import { defaultRunLimits, mostOf, type RunLimits } from "../config/run-limits.js";
import { UcbError } from "../errors.js";

/**
 * Limits of a function, those not given being the usual ones.
 * @throws UcbError `ERR_UCB_ARGUMENT` for a value out of range
 */
export function functionLimits(given: Partial<RunLimits>): RunLimits {
  const limits = { ...defaultRunLimits, ...given };
  const { maxRunning, serial, throttle, queue, overflow, retry, breaker, onLost } = limits;
  if (maxRunning !== null) checkWhole("maxRunning", maxRunning, mostOf.maxRunning);
  checkWhole("queue", queue, mostOf.queue);
  checkWord("overflow", overflow, ["drop-newest", "drop-oldest", "coalesce"]);
  checkWord("onLost", onLost, ["rerun", "report"]);
  if (serial !== null) checkWord("serial", serial, ["job"]);
  if (throttle !== null) {
    checkWhole("throttle.runs", throttle.runs, mostOf.throttledRuns);
    checkSpan("throttle.periodMs", throttle.periodMs);
    checkWord("throttle.per", throttle.per, ["job", "callback"]);
  }
  if (retry !== null) {
    checkWhole("retry.times", retry.times, mostOf.retries);
    checkSpan("retry.delayMs", retry.delayMs);
  }
  if (breaker !== null) {
    checkWhole("breaker.failures", breaker.failures, mostOf.failures);
    checkSpan("breaker.pauseMs", breaker.pauseMs);
  }
  return limits;
}

function checkSpan(name: string, value: number): void {
  if (typeof value === "number" && value > 0 && value <= mostOf.spanMs) return;
  throw new UcbError("ERR_UCB_ARGUMENT", `${name} must be milliseconds above 0, 24 days at most, not ${String(value)}`);
}

function checkWord(name: string, value: string, words: readonly string[]): void {
  if (words.includes(value)) return;
  throw new UcbError("ERR_UCB_ARGUMENT", `${name} must be ${words.join(" or ")}, not ${String(value)}`);
}
