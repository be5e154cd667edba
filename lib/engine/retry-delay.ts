import type { Retry } from "../config/run-limits.js";

const longestDelayMs = 3_600_000;

/**
 * Whole milliseconds until the attempt after attempt number `attempt`, or null if there is none: doubled from one to the next, up to an
 * hour or what is configured for the first, and up to a quarter more or less, so that what failed together does not come
 * back together. `random` is from 0 to 1.
 */
export function retryDelayMs(retry: Retry | null, attempt: number, random: number): number | null {
  if (retry === null || attempt > retry.times) return null;
  const delay = Math.min(retry.delayMs * 2 ** (attempt - 1), Math.max(retry.delayMs, longestDelayMs));
  return Math.ceil(delay * (0.75 + random / 2));
}
