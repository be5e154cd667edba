import type { BreakerLimits, RunLimits } from "../../lib/config/run-limits.js";
import { longestPauseMs } from "../../lib/engine/breaker.js";
import { type CallbackCounters, type DropCode, noCounts } from "../../lib/engine/counters.js";
import type { Ending } from "../../lib/engine/ending.js";

export interface ModelRun {
  id: number;
  callback: number;
  owner: number;
  attempt: number;
  state: "waiting" | "running" | "ended";
  /** While it waits: when it may begin. */
  dueAt: number;
  isProbe: boolean;
}

interface ModelCallback {
  limits: RunLimits;
  counters: CallbackCounters;
  failures: number;
  pauses: number;
  pauseEndsAt: number | null;
  /** By owner, or 0: when the last period began and what it let in. */
  periods: Map<number, { beganAt: number; runs: number }>;
}

/** What a scheduler has to do, in the plainest words: every question is answered by looking at all runs. */
export class SchedulerModel {
  readonly runs: ModelRun[] = [];
  readonly callbacks: ModelCallback[];

  constructor(
    readonly maxRunning: number,
    limits: readonly RunLimits[],
    readonly now: () => number,
  ) {
    this.callbacks = limits.map((each) => ({
      ...{ limits: each, counters: noCounts(), failures: 0, pauses: 0, pauseEndsAt: null },
      periods: new Map(),
    }));
  }

  of(callback: number): ModelCallback {
    const found = this.callbacks[callback];
    if (found === undefined) throw new Error(`no callback ${callback}`);
    return found;
  }

  waiting(callback?: number): ModelRun[] {
    return this.runs.filter((run) => run.state === "waiting" && (callback ?? run.callback) === run.callback);
  }

  running(callback?: number): ModelRun[] {
    return this.runs.filter((run) => run.state === "running" && (callback ?? run.callback) === run.callback);
  }

  get delayed(): number {
    return this.waiting().filter((run) => run.dueAt > this.now() || this.of(run.callback).pauseEndsAt !== null).length;
  }

  admit(callback: number, owner: number): DropCode | null {
    const { limits, counters, periods } = this.of(callback);
    counters.fired++;
    const waiting = this.waiting(callback);
    const { throttle } = limits;
    const key = throttle?.per === "job" ? owner : 0;
    const period = periods.get(key);
    const isOpen = throttle !== null && period !== undefined && this.now() < period.beganAt + throttle.periodMs;
    if (isOpen && period.runs >= throttle.runs) {
      counters.throttled++;
      return "ERR_UCB_THROTTLED";
    }
    if (waiting.length >= limits.queue && limits.overflow !== "drop-oldest") {
      if (limits.overflow === "coalesce" && waiting.some((run) => run.owner === owner)) {
        counters.coalesced++;
        return "ERR_UCB_COALESCED";
      }
      counters.dropped.ERR_UCB_QUEUE_FULL++;
      return "ERR_UCB_QUEUE_FULL";
    }
    if (throttle !== null)
      periods.set(key, isOpen ? { ...period, runs: period.runs + 1 } : { beganAt: this.now(), runs: 1 });
    return null;
  }

  /** Returns the id of the run that gives way. */
  offer(callback: number, owner: number): number | null {
    const { limits, counters } = this.of(callback);
    const run: ModelRun = {
      ...{ id: this.runs.length, callback, owner, attempt: 1, state: "waiting", dueAt: this.now(), isProbe: false },
    };
    this.runs.push(run);
    if (this.waiting(callback).length <= limits.queue || limits.overflow !== "drop-oldest") return null;
    const oldest = this.waiting(callback).find(({ attempt }) => attempt === 1) ?? run;
    oldest.state = "ended";
    counters.dropped.ERR_UCB_QUEUE_FULL++;
    return oldest.id;
  }

  /** Why a run may not begin now, null if it may. */
  obstacle(run: ModelRun): string | null {
    const { limits, pauseEndsAt } = this.of(run.callback);
    const running = this.running(run.callback);
    const kin = this.runs.filter(({ callback, owner }) => callback === run.callback && owner === run.owner);
    const before = kin.filter(({ state, id }) => state === "waiting" && id < run.id);
    if (run.state !== "waiting") return "does not wait";
    if (run.dueAt > this.now()) return "waits for its retry";
    if (this.running().length >= this.maxRunning) return "the engine is full";
    if (running.length >= (limits.maxRunning ?? Number.POSITIVE_INFINITY)) return "the callback is full";
    if (limits.serial !== null && kin.some(({ state }) => state === "running")) return "another of its job runs";
    if (limits.serial !== null && kin.some(({ state, dueAt }) => state === "waiting" && dueAt > this.now())) {
      return "another of its job will be tried again";
    }
    if (before.some(({ dueAt }) => dueAt <= this.now())) return "another of its job fired before";
    if (pauseEndsAt !== null && pauseEndsAt > this.now()) return "the callback is paused";
    if (pauseEndsAt !== null && running.some(({ isProbe }) => isProbe)) return "the callback is being tried";
    return null;
  }

  begin(id: number): void {
    const run = this.run(id);
    const callback = this.of(run.callback);
    run.isProbe = callback.pauseEndsAt !== null;
    run.state = "running";
    callback.counters.started++;
  }

  /** Returns when it is tried again, and what is announced of its callback. */
  end(id: number, ending: Ending): { retryAt: number | null; change: "paused" | "resumed" | null } {
    const run = this.run(id);
    const { limits, counters } = this.of(run.callback);
    const delay = this.#delay(run, ending);
    if (ending === "succeeded") counters.succeeded++;
    if (ending === "failed" || (ending === "later" && delay === null)) counters.failed++;
    if (ending === "timed-out") counters.timedOut++;
    if (ending === "lost") counters.lost++;
    if (delay !== null) counters.retried++;
    run.state = delay === null ? "ended" : "waiting";
    run.dueAt = this.now() + (delay ?? 0);
    if (delay !== null) run.attempt++;
    const failed = ending === "failed" || ending === "timed-out" || (ending === "later" && delay === null);
    const change = this.#judge(run, ending, failed, limits.breaker);
    return { retryAt: delay === null ? null : run.dueAt, change };
  }

  /** Returns whether that ends a pause. */
  limit(index: number, limits: RunLimits): boolean {
    const callback = this.of(index);
    const before = callback.limits;
    const wasPaused = callback.pauseEndsAt !== null;
    callback.limits = limits;
    if (JSON.stringify(before.throttle) !== JSON.stringify(limits.throttle)) callback.periods.clear();
    if (JSON.stringify(before.breaker) === JSON.stringify(limits.breaker)) return false;
    Object.assign(callback, { failures: 0, pauses: 0, pauseEndsAt: null });
    for (const run of this.running(index)) run.isProbe = false;
    return wasPaused;
  }

  run(id: number): ModelRun {
    const run = this.runs[id];
    if (run === undefined) throw new Error(`no run ${id}`);
    return run;
  }

  #delay({ callback, attempt }: ModelRun, ending: Ending): number | null {
    const { retry, onLost } = this.of(callback).limits;
    if (ending === "lost") return onLost === "rerun" ? 0 : null;
    if (ending !== "later" || retry === null || attempt > retry.times) return null;
    return Math.min(retry.delayMs * 2 ** (attempt - 1), 3_600_000);
  }

  #judge(run: ModelRun, ending: Ending, failed: boolean, limits: BreakerLimits | null): "paused" | "resumed" | null {
    const callback = this.of(run.callback);
    if (ending === "left" || ending === "lost") return null;
    const decides = callback.pauseEndsAt === null || run.isProbe;
    if (!decides) return null;
    if (ending === "succeeded") {
      const wasPaused = callback.pauseEndsAt !== null;
      callback.failures = 0;
      if (wasPaused) Object.assign(callback, { pauses: 0, pauseEndsAt: null });
      return wasPaused ? "resumed" : null;
    }
    if (failed) callback.failures++;
    const isTooMuch = failed || run.isProbe;
    if (limits === null || !isTooMuch || callback.failures < limits.failures) return null;
    callback.pauseEndsAt = this.now() + Math.min(limits.pauseMs * 2 ** callback.pauses++, longestPauseMs);
    return "paused";
  }
}
