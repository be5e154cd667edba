import { argumentError, isObject } from "../argument-error.js";
import type { UcbError } from "../errors.js";
import type { ResourceUsage } from "./run.js";

/** A process that runs its program. */
export interface ProcessStarted {
  pid: number;
  /**
   * Its start in clock ticks since boot, which with the pid names one process; 0 where the system does not tell or was not
   * asked.
   */
  startTicks: number;
  /** Unix milliseconds. */
  startedAt: number;
  /** Whether it was forked from the host that the launch names. */
  warm: boolean;
}

/** How a process ended. One of `exitCode` and `signal` is null; both are if its status is not known. */
export interface ProcessOutcome {
  pid: number;
  exitCode: number | null;
  /** `SIGKILL` and the like, `SIGRTMIN+1` for the nameless. */
  signal: string | null;
  /**
   * False if the system did not tell how it ended: somebody else has taken its status, or it was adopted and its status
   * went to another process (which on Linux before 6.15 cannot always be helped).
   */
  statusKnown: boolean;
  /** Whether `timeoutMs` passed before it ended. */
  timedOut: boolean;
  durationMs: number;
  /**
   * `maxRssKb` is never below what this process itself once held: Linux counts it that way. Null where it is not known, as
   * of most that were adopted.
   */
  usage: ResourceUsage | null;
  /** Unix milliseconds. */
  endedAt: number;
}

/** Told of one launch. What it throws becomes an uncaught exception and keeps nobody else from being told. */
export interface LaunchObserver {
  /** Its program runs. An observer without this costs the event loop less. */
  started?(started: ProcessStarted): void;
  /** The host that the launch names did not begin it, and why: it is started without. */
  cold?(reason: string): void;
  /** `slowAfterMs` have passed. */
  slow?(pid: number): void;
  /** It has ended; nothing more is told of it. */
  exited(outcome: ProcessOutcome): void;
  /**
   * It was not started (`ERR_UCB_LAUNCH`), it was to be adopted and is gone (`ERR_UCB_GONE`), or the launcher was closed
   * without waiting for it (`ERR_UCB_CLOSED`).
   */
  failed(error: UcbError): void;
}

/** A launch with promises. Their rejections, those of {@link LaunchObserver.failed}, need no handler. */
export interface Launched {
  /** Names the launch to the launcher it is of. */
  readonly ticket: number;
  readonly started: Promise<ProcessStarted>;
  readonly exited: Promise<ProcessOutcome>;
  /** See `Launcher.signal`. */
  signal(signal: NodeJS.Signals): boolean;
  /** See `Launcher.terminate`. */
  terminate(killAfterMs?: number): boolean;
}

/**
 * Told of an end, one that cannot be called would bring down the process.
 * @throws UcbError `ERR_UCB_ARGUMENT`
 */
export function checkedObserver(observer: LaunchObserver): LaunchObserver {
  if (!isObject(observer)) throw argumentError("observer", "an object", observer);
  for (const name of ["exited", "failed"] as const) {
    if (typeof observer[name] !== "function") throw argumentError(`observer.${name}`, "a function", observer[name]);
  }
  return observer;
}
