import { argumentError, isObject } from "../argument-error.js";
import { defaultKillAfterMs, milliseconds } from "./launch-options.js";

/** A process that an earlier process has started with a launcher, as its observer was told, and its deadlines. */
export interface AdoptOptions {
  pid: number;
  /** See `ProcessStarted.startTicks`; with 0 no process can be recognised, and it counts as gone. */
  startTicks: number;
  /** Unix milliseconds: what the spans count from. What was due in the meantime is due at once. */
  startedAt: number;
  /** TERM to its process group after this many milliseconds; 0, the default, is never. */
  timeoutMs?: number | undefined;
  /** KILL to its process group this many milliseconds after TERM; 5000 by default. */
  killAfterMs?: number | undefined;
  /** The observer's `slow` is called after this many milliseconds; 0, the default, is never. */
  slowAfterMs?: number | undefined;
}

const largestPid = 2 ** 31 - 1;

/** @throws UcbError `ERR_UCB_ARGUMENT` */
export function checkAdoption(options: AdoptOptions): Required<{ [Name in keyof AdoptOptions]: number }> {
  if (!isObject(options)) throw argumentError("options", "an object", options);
  return {
    pid: whole("pid", options.pid, 1, largestPid),
    startTicks: whole("startTicks", options.startTicks, 0, Number.MAX_SAFE_INTEGER),
    startedAt: whole("startedAt", options.startedAt, 0, Number.MAX_SAFE_INTEGER),
    timeoutMs: milliseconds("timeoutMs", options.timeoutMs, 0),
    killAfterMs: milliseconds("killAfterMs", options.killAfterMs, defaultKillAfterMs),
    slowAfterMs: milliseconds("slowAfterMs", options.slowAfterMs, 0),
  };
}

function whole(name: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  throw argumentError(name, `a whole number from ${least} to ${most}`, value);
}
