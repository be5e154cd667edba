import type { RunLimits } from "../config/run-limits.js";
import type { Alarm } from "./alarms.js";
import { Breaker, type CallbackPause, type Verdict } from "./breaker.js";
import { Chain } from "./chain.js";
import type { Clock } from "./clock.js";
import { noCounts } from "./counters.js";
import type { Strand, Ticket } from "./strand.js";
import { ThrottleWindows } from "./throttle-windows.js";

export interface PauseChange {
  kind: "paused" | "resumed";
  pause: CallbackPause;
}

/** All runs of one callback. As an alarm it is the end of its pause. */
export class Lane<Item> implements Alarm {
  readonly kind = "lane";
  at = 0;
  place = -1;
  /** By owner job. */
  readonly strands = new Map<number, Strand<Item>>();
  /** Runs that wait for their first attempt, as they fired. */
  readonly fresh = new Chain<Ticket<Item>>();
  /** Runs that wait for a later one. */
  readonly again = new Chain<Ticket<Item>>();
  /** Strands that wait for room, first come, first served. */
  readonly parked = new Chain<Strand<Item>>();
  readonly counters = noCounts();
  readonly breaker = new Breaker();
  pause: CallbackPause | null = null;
  running = 0;
  waiting = 0;
  /** Of those that wait, the ones whose retry is not due. */
  delayed = 0;
  /** Strands that are ready: never more than there was room for when they became so. */
  ready = 0;
  /** Whether nothing is to be known of it any more once it is empty. */
  isForgotten = false;
  #limits: RunLimits;
  #throttle: ThrottleWindows | null;

  constructor(
    readonly id: string,
    limits: RunLimits,
  ) {
    this.#limits = limits;
    this.#throttle = windowsOf(limits);
  }

  get limits(): RunLimits {
    return this.#limits;
  }

  /** What was counted in periods of another length or number does not count. */
  set limits(limits: RunLimits) {
    const { throttle } = this.#limits;
    const { runs, periodMs, per } = limits.throttle ?? {};
    if (throttle?.runs !== runs || throttle?.periodMs !== periodMs || throttle?.per !== per) {
      this.#throttle = windowsOf(limits);
    }
    this.#limits = limits;
  }

  get throttle(): ThrottleWindows | null {
    return this.#throttle;
  }

  get firstWaiting(): Ticket<Item> | null {
    return this.fresh.first ?? this.again.first;
  }

  /** How many more runs may begin now as far as this callback goes. */
  room(clock: Clock): number {
    const room = (this.#limits.maxRunning ?? Number.POSITIVE_INFINITY) - this.running;
    return Math.max(0, Math.min(room, this.breaker.room(clock)));
  }

  /** An attempt has ended; says whether the callback is paused or resumed for that. `reason` is what was wrong. */
  judge(verdict: Verdict, probe: number, reason: string | null, clock: Clock): PauseChange | null {
    const wasProbe = this.breaker.isProbe(probe);
    const change = this.breaker.end(verdict, probe, this.limits.breaker, clock);
    if (change === "resumed") return this.resume();
    const { failures, endsAt } = this.breaker;
    if (change === null || endsAt === null) return null;
    const what = wasProbe ? "it failed again when it was tried" : `${failures} runs in a row failed, the last one`;
    const since = this.pause?.since ?? clock.unix();
    this.pause = {
      ...{ callbackId: this.id, failures, since, until: Math.round(clock.unix() + endsAt - clock.now()) },
      reason: reason === null ? what : `${what}: ${reason}`,
    };
    return { kind: "paused", pause: this.pause };
  }

  /** Ends the pause, if there is one, and counts failures anew. */
  resume(): PauseChange | null {
    const { pause } = this;
    this.pause = null;
    this.breaker.reset();
    return pause === null ? null : { kind: "resumed", pause };
  }
}

function windowsOf({ throttle }: RunLimits): ThrottleWindows | null {
  return throttle === null ? null : new ThrottleWindows(throttle);
}
