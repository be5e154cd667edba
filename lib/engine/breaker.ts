import type { BreakerLimits } from "../config/run-limits.js";
import type { Clock } from "./clock.js";

/** A callback that failed too often in a row and is not run for a while. Times are Unix milliseconds. */
export interface CallbackPause {
  readonly callbackId: string;
  readonly reason: string;
  /** Failures in a row. */
  readonly failures: number;
  /** When it was first paused. */
  readonly since: number;
  /** When one run is tried again; if that fails, the callback is paused anew, for longer. */
  readonly until: number;
}

/** How an attempt counts: `later` if it is granted another, `none` if it says nothing of the callback. */
export type Verdict = "succeeded" | "failed" | "later" | "none";

export const longestPauseMs = 3_600_000;

/** Counts failures in a row and decides when to pause. While paused only the run that probes decides. */
export class Breaker {
  #failures = 0;
  #pauses = 0;
  #endsAt: number | null = null;
  /** The number of the probe that executes, 0 if none does. */
  #probe = 0;
  #probes = 0;

  get failures(): number {
    return this.#failures;
  }

  /** When the pause ends, on the clock; null where there is none. */
  get endsAt(): number | null {
    return this.#endsAt;
  }

  /** How many runs may begin now as far as the breaker goes. */
  room(clock: Clock): number {
    if (this.#endsAt === null) return Number.POSITIVE_INFINITY;
    return this.#probe === 0 && clock.now() >= this.#endsAt ? 1 : 0;
  }

  /** A run begins. Returns the number of the probe it is, 0 if it is none. */
  begin(): number {
    if (this.#endsAt === null) return 0;
    this.#probe = ++this.#probes;
    return this.#probe;
  }

  /** Whether a run that began with this number still decides if the pause is over. */
  isProbe(probe: number): boolean {
    return probe !== 0 && probe === this.#probe;
  }

  /**
   * An attempt has ended that had begun with this number. Where the pause is over with that, {@link reset} is to be
   * called. `limits` are null where nothing is paused.
   */
  end(verdict: Verdict, probe: number, limits: BreakerLimits | null, clock: Clock): "paused" | "resumed" | null {
    const wasProbe = this.isProbe(probe);
    if (this.#endsAt !== null && !wasProbe) return null;
    this.#probe = 0;
    if (verdict === "none") return null;
    if (verdict === "succeeded") {
      this.#failures = 0;
      return wasProbe ? "resumed" : null;
    }
    if (verdict === "failed") this.#failures++;
    else if (!wasProbe) return null;
    if (limits === null || this.#failures < limits.failures) return null;
    const { pauseMs } = limits;
    this.#endsAt = clock.now() + Math.min(pauseMs * 2 ** this.#pauses, Math.max(pauseMs, longestPauseMs));
    this.#pauses++;
    return "paused";
  }

  /** Begins anew, without pause. */
  reset(): void {
    this.#failures = 0;
    this.#pauses = 0;
    this.#endsAt = null;
    this.#probe = 0;
  }
}
