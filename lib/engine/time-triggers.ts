import type { Trigger } from "../trigger/ast.js";
import { type TimeTerm, timeTermsOf } from "../trigger/time-terms.js";
import { backgroundClock, type Clock } from "./clock.js";
import { Heap } from "./heap.js";
import { keyOf, TimeAlarm } from "./time-alarm.js";
import { qubeTime, untilQubeTime } from "./time-clock.js";
import type { TimeMemory } from "./time-memory.js";
import { type AttachedJobs, TimePass } from "./time-pass.js";

export interface TimeTriggersOptions {
  /** The triggers that hold now. */
  triggers: () => Iterable<Trigger>;
  jobs: AttachedJobs;
  memory: TimeMemory;
  /** Reports an event. */
  emit: (event: string) => void;
  clock?: Clock;
  /** How long the clock is trusted to go on as it does, in milliseconds; default a second. */
  longestWaitMs?: number;
}

/** The clock may be set, and waiting does not count while the machine sleeps. */
const usualLongestWaitMs = 1000;
/** How long reporting may hold up the event loop. */
const longestSliceMs = 4;

/**
 * Reports the events of time that triggers wait for, when their time comes: for each attached job one, some in each turn of
 * the event loop. A job takes part in what comes after it was attached.
 */
export class TimeTriggers {
  readonly #options: TimeTriggersOptions;
  readonly #clock: Clock;
  readonly #longestWaitMs: number;
  readonly #alarms = new Map<string, TimeAlarm>();
  /** Those whose time is to come. */
  readonly #heap = new Heap<TimeAlarm>((one, other) => one.next < other.next);
  /** Those whose time has come, in the order in which it did. */
  readonly #passes: TimePass[] = [];
  #cancel: (() => void) | null = null;
  /** Qube time when the clock was last looked at. */
  #seen = Number.NEGATIVE_INFINITY;
  #loading = false;
  #reporting = false;
  #closed = false;

  constructor(options: TimeTriggersOptions) {
    this.#options = options;
    // Nobody owes a time trigger a process.
    this.#clock = options.clock ?? backgroundClock;
    this.#longestWaitMs = options.longestWaitMs ?? usualLongestWaitMs;
    // Runs must not reach the disk without the jobs they are of.
    options.memory.gather = () => this.#pause();
  }

  /** Whether events are being reported now, in this turn of the event loop and the next ones. */
  get isBusy(): boolean {
    return this.#passes.length > 0;
  }

  /** Other triggers hold from the next turn of the event loop on. */
  triggersChanged(): void {
    if (this.#loading) return;
    this.#loading = true;
    this.#clock.soon(() => {
      this.#loading = false;
      if (!this.#closed) this.#load();
    });
  }

  /** To be called before a job is attached: what was due before goes on without it. */
  attaching(jobId: number): void {
    if (this.#loading) this.#load();
    if (this.#alarms.size === 0) return;
    const now = qubeTime(this.#clock);
    if (now < this.#seen || (this.#heap.first?.next ?? Number.POSITIVE_INFINITY) <= now) this.#look();
    for (const pass of this.#passes) pass.attached(jobId);
  }

  /** What is under way stays undone, and is gone on with by the next engine if anything is durable. */
  close(): void {
    this.#closed = true;
    this.#pause();
    this.#cancel?.();
    this.#cancel = null;
    this.#heap.clear();
    this.#passes.length = 0;
  }

  #load(): void {
    const wanted = new Map<string, TimeTerm[]>();
    for (const trigger of this.#options.triggers()) {
      for (const term of timeTermsOf(trigger)) {
        const terms = wanted.get(keyOf(term));
        if (terms === undefined) wanted.set(keyOf(term), [term]);
        else terms.push(term);
      }
    }
    for (const alarm of [...this.#alarms.values()]) if (!wanted.has(alarm.key)) this.#remove(alarm);
    for (const [key, terms] of wanted) this.#alarm(key, terms).jobs = jobsOf(terms);
    this.#look();
  }

  #alarm(key: string, [term]: TimeTerm[]): TimeAlarm {
    const known = this.#alarms.get(key);
    if (known !== undefined || term === undefined) return known as TimeAlarm;
    const { memory } = this.#options;
    const alarm = new TimeAlarm(term, memory, qubeTime(this.#clock));
    this.#alarms.set(key, alarm);
    const unfinished = TimePass.unfinished(alarm, memory);
    if (unfinished === null) this.#await(alarm);
    else this.#begin(alarm, unfinished);
    return alarm;
  }

  #remove(alarm: TimeAlarm): void {
    this.#alarms.delete(alarm.key);
    if (alarm.place >= 0) this.#heap.remove(alarm);
    const pass = this.#passes.findIndex((each) => each.alarm === alarm);
    if (pass >= 0) this.#passes.splice(pass, 1);
    alarm.forget();
  }

  /** Puts an alarm where its next time will be seen. */
  #await(alarm: TimeAlarm): void {
    const now = qubeTime(this.#clock);
    const next = alarm.slots.due(now) ?? alarm.slots.next(now);
    if (next === null) return;
    alarm.next = next;
    this.#heap.push(alarm);
  }

  #begin(alarm: TimeAlarm, slot: number): void {
    const { memory, jobs } = this.#options;
    this.#passes.push(new TimePass(alarm, slot, memory, jobs));
    this.#report();
  }

  /** Begins with all that is due as the clock stands now, and waits for the rest. */
  #look(): void {
    const now = qubeTime(this.#clock);
    if (now < this.#seen) this.#awaitAgain();
    this.#seen = now;
    for (let alarm = this.#heap.first; alarm !== null && alarm.next <= now; alarm = this.#heap.first) {
      this.#heap.remove(alarm);
      const slot = alarm.slots.due(now);
      if (slot === null) this.#await(alarm);
      else this.#begin(alarm, slot);
    }
    this.#wind();
  }

  /** The clock was set back: what was skipped may be to come. */
  #awaitAgain(): void {
    const waiting = [...this.#alarms.values()].filter(({ place }) => place >= 0);
    this.#heap.clear();
    for (const alarm of waiting) this.#await(alarm);
  }

  #wind(): void {
    this.#cancel?.();
    this.#cancel = null;
    const first = this.#heap.first;
    if (first === null || this.#closed) return;
    const ms = Math.min(untilQubeTime(this.#clock, first.next), this.#longestWaitMs);
    this.#cancel = this.#clock.after(Math.max(1, ms), () => {
      this.#cancel = null;
      this.#look();
    });
  }

  #report(): void {
    if (this.#reporting) return;
    this.#reporting = true;
    this.#clock.soon(() => {
      this.#reporting = false;
      this.#reportSome();
    });
  }

  #reportSome(): void {
    const end = this.#clock.now() + longestSliceMs;
    for (let pass = this.#passes[0]; pass !== undefined; pass = this.#passes[0]) {
      for (let jobId = pass.next(); jobId !== null; jobId = pass.next()) {
        this.#options.emit(pass.alarm.event(jobId));
        // Whoever listens may have closed the engine, or changed its triggers.
        if (this.#passes[0] !== pass) break;
        if (this.#clock.now() < end) continue;
        this.#pause();
        this.#report();
        return;
      }
      if (this.#passes[0] === pass) this.#finish(pass);
    }
    if (!this.#closed) this.#look();
  }

  #pause(): void {
    for (const pass of this.#passes) pass.pause();
  }

  #finish(pass: TimePass): void {
    this.#passes.shift();
    pass.finish();
    this.#await(pass.alarm);
  }
}

function jobsOf(terms: readonly TimeTerm[]): ReadonlySet<number> | null {
  const ids = new Set<number>();
  for (const { jobId } of terms) {
    if (jobId === null) return null;
    ids.add(jobId);
  }
  return ids;
}
