import type { Job } from "../bridge/supervisor.js";
import { defaultOptions } from "../config/callback-options.js";
import type { CallbackOptions } from "../config/configuration.js";
import { defaultRunLimits, type RunLimits } from "../config/run-limits.js";
import { asUcbError, UcbError } from "../errors.js";
import { adoptScript, fileLost } from "../execute/adopted-script.js";
import { type Execution, type Outcome, outcomeOf } from "../execute/execution.js";
import { FunctionStop, runFunction } from "../execute/function.js";
import { type QcbRoom, runQcb } from "../execute/qcb.js";
import type { Run } from "../execute/run.js";
import { runScript, type ScriptRoom } from "../execute/script.js";
import type { StoredProcess } from "../journal/records.js";
import type { CallbackPause } from "./breaker.js";
import { idOf, type TableEntry } from "./callback-table.js";
import type { CallbackCounters, DropCode } from "./counters.js";
import { dropReason } from "./drop-reason.js";
import type { DurableState } from "./durable-state.js";
import type { Ending, Slot } from "./ending.js";
import type { EngineEmitter } from "./engine-events.js";
import type { Obstacle } from "./event-explanation.js";
import type { JobRecords } from "./job-records.js";
import type { RecoveredRun } from "./recovery.js";
import { type EventRecords, type OpenRun, RunBook } from "./run-book.js";
import { Scheduler } from "./scheduler.js";
import type { EngineSupervisorPort } from "./supervisor-port.js";

/** What runs need around them; one for an engine. */
export interface RunsRoom {
  records: JobRecords;
  events: EngineEmitter;
  port: EngineSupervisorPort;
  script: ScriptRoom;
  qcb: QcbRoom;
  /** Runs at once. */
  maxRunning: number;
  /** Null where a crash forgets all. */
  state: DurableState | null;
}

/** What an exit status of 75 (EX_TEMPFAIL) says: try again later. */
const temporaryFailure = 75;

/** All runs of an engine, from when they fire to their end. */
export class Runs {
  readonly #room: RunsRoom;
  readonly #book = new RunBook();
  readonly #scheduler: Scheduler<OpenRun>;
  /** What stops each function that executes, and each question to a supervisor; scripts are stopped by the launcher. */
  readonly #executing = new Set<AbortController>();
  #stopped = false;

  constructor(room: RunsRoom) {
    this.#room = room;
    this.#scheduler = new Scheduler<OpenRun>({
      maxRunning: room.maxRunning,
      start: (open, slot) => void this.#execute(open, slot),
      paused: (pause) => room.events.tell("paused", pause),
      resumed: (pause) => room.events.tell("resumed", pause),
    });
  }

  get load(): { queued: number; running: number; delayed: number } {
    const { waiting, running, delayed } = this.#scheduler;
    return { queued: waiting, running, delayed };
  }

  /** A callback fires for a job. */
  fire(entry: TableEntry, event: string, jobId: number, records: EventRecords): void {
    const limits = limitsOf(entry);
    const id = idOf(entry);
    const refusal = this.#scheduler.admit(id, limits, jobId);
    // Many that nobody hears of must cost no more than being counted.
    if (refusal !== null && !this.#room.events.has("run")) return;
    const open = this.#book.open(entry, event, jobId, this.#room.records.get(jobId), records);
    if (refusal !== null) {
      this.#drop(open, refusal);
      return;
    }
    this.#room.state?.fired(open);
    const gaveWay = this.#scheduler.offer(id, limits, jobId, open);
    this.#tell(open);
    if (gaveWay !== null) this.#drop(gaveWay, "ERR_UCB_QUEUE_FULL");
  }

  /**
   * Goes on with a run of an earlier engine; runs are given in the order in which they fired, before others fire. Tells
   * nothing before the next turn of the event loop.
   */
  recover({ stored, fate, process }: RecoveredRun, entry: TableEntry): void {
    const { run, known, carried, work, subjob } = stored;
    const open: OpenRun = { run, entry, known, carried, work, subjob };
    this.#book.startAfter(run.id);
    this.#room.state?.restored(open, process);
    if (fate === "queued" && entry.kind === "gone") {
      setImmediate(() => this.#drop(open, "ERR_UCB_CALLBACK_GONE"));
    } else if (fate === "queued") {
      this.#scheduler.restore(idOf(entry), limitsOf(entry), run.jobId, open, run);
    } else {
      const slot = this.#scheduler.adopt(idOf(entry), limitsOf(entry), run.jobId, open, run.attempt);
      setImmediate(() => void this.#goOn(open, slot, fate === "alive" ? process : null));
    }
  }

  /** Another configuration holds: what has fired before still runs as it was meant then, and within the new limits. */
  reconfigured(generation: number, entries: Iterable<TableEntry>, gone: Iterable<string>): void {
    this.#book.generation = generation;
    for (const entry of entries) this.#scheduler.limit(idOf(entry), limitsOf(entry));
    for (const id of gone) this.#scheduler.forget(id);
  }

  counters(): ReadonlyMap<string, CallbackCounters> {
    return this.#scheduler.counters();
  }

  pauses(): ReadonlyMap<string, CallbackPause> {
    return this.#scheduler.pauses();
  }

  /** What a run would meet that fired now; null if nothing. */
  obstacle(callbackId: string, limits: RunLimits, jobId: number): Obstacle | null {
    return this.#scheduler.obstacle(callbackId, limits, jobId);
  }

  idle(): Promise<void> {
    return this.#scheduler.idle();
  }

  /** A function is no callback any more. */
  forget(name: string): void {
    this.#scheduler.forget(name);
  }

  /**
   * Begins nothing any more and stops functions. Resolves when all that waited is dropped, or left to the next engine
   * with the same state.
   */
  stop(): Promise<void> {
    this.#stopped = true;
    const isKept = this.#room.state !== null;
    const cleared = this.#scheduler.clear((open) => {
      if (!isKept) this.#drop(open, "ERR_UCB_CLOSED");
    });
    const reason = new FunctionStop("failed", "the engine was closed");
    for (const abort of this.#executing) abort.abort(reason);
    return cleared;
  }

  async #execute(open: OpenRun, slot: Slot): Promise<void> {
    const durable = this.#room.state?.mayBegin(open) ?? null;
    if (durable !== null) await durable;
    const outcome = this.#stopped && this.#room.state !== null ? null : await this.#outcomeOf(open);
    this.#conclude(open, slot, outcome);
  }

  /** With the process of a run, or without it if it ended unseen. */
  async #goOn(open: OpenRun, slot: Slot, process: StoredProcess | null): Promise<void> {
    const { script } = this.#room;
    const { run } = open;
    if (process !== null) {
      this.#book.start(run, { pid: process.pid, log: run.log }, process.startedAt);
      this.#tell(open);
    }
    const execution = this.#executionOf(open, open.known);
    let outcome: Outcome | null;
    try {
      outcome =
        process === null
          ? await fileLost(execution, script)
          : await adoptScript(execution, script, process, optionsOf(open.entry));
    } catch (error) {
      const { message, code } = asUcbError(error, "ERR_UCB_LAUNCH", "");
      outcome =
        code === "ERR_UCB_CLOSED" ? null : outcomeOf("lost", run.startedAt ?? run.queuedAt, { reason: message, code });
    }
    this.#conclude(open, slot, outcome);
  }

  /** Null is the outcome of a run that is left to go on alone when the engine is closed: nobody, or the next engine, will know its end. */
  #conclude(open: OpenRun, slot: Slot, outcome: Outcome | null): void {
    if (outcome === null) {
      slot.end("left", null);
      return;
    }
    const retryAt = slot.end(endingOf(outcome), outcome.reason);
    if (retryAt === null) {
      this.#book.end(open.run, outcome);
      this.#room.state?.ended(open);
    } else {
      this.#book.retry(open.run, outcome, retryAt);
      this.#room.state?.waits(open);
    }
    this.#tell(open);
  }

  async #outcomeOf(open: OpenRun): Promise<Outcome | null> {
    try {
      return await this.#perform(open);
    } catch (error) {
      const { message, code } = asUcbError(error, "ERR_UCB_LAUNCH", "");
      if (code === "ERR_UCB_CLOSED" && (open.run.pid !== null || this.#room.state !== null)) return null;
      return outcomeOf("failed", open.run.startedAt ?? Date.now(), { reason: message, code });
    }
  }

  async #perform(open: OpenRun): Promise<Outcome> {
    const { port, script, qcb } = this.#room;
    const { entry, run } = open;
    const record = port.recordOf(run.jobId, open.known, open.carried);
    const job = record instanceof Promise ? await this.#stoppably(({ signal }) => orStopped(record, signal)) : record;
    if (this.#stopped) throw closedError();
    const execution = this.#executionOf(open, job);
    if (entry.kind === "function") {
      return await this.#stoppably((abort) => runFunction(entry.callback, execution, port, abort));
    }
    if (entry.kind === "gone") throw new UcbError("ERR_UCB_CALLBACK_GONE", gone(run));
    if (entry.callback.language === "qube") return await runQcb(entry.callback, execution, qcb);
    return await runScript(entry.callback, execution, script);
  }

  /** Does what {@link stop} can end. */
  async #stoppably<T>(work: (abort: AbortController) => Promise<T>): Promise<T> {
    const abort = new AbortController();
    this.#executing.add(abort);
    try {
      return await work(abort);
    } finally {
      this.#executing.delete(abort);
    }
  }

  #executionOf(open: OpenRun, job: Job): Execution {
    const { events, state } = this.#room;
    const { run, work, subjob } = open;
    return {
      run,
      job,
      work,
      subjob,
      started: (details) => {
        this.#book.start(run, details);
        state?.began(open, details.process ?? null);
        this.#tell(open);
      },
      slow: () => events.tell("slow", { ...run }),
    };
  }

  #drop(open: OpenRun, code: DropCode | "ERR_UCB_CALLBACK_GONE"): void {
    const reason = code === "ERR_UCB_CALLBACK_GONE" ? gone(open.run) : dropReason(code, limitsOf(open.entry));
    this.#book.drop(open.run, reason, code);
    this.#room.state?.ended(open);
    this.#tell(open);
  }

  #tell({ run }: OpenRun): void {
    const { events } = this.#room;
    if (events.has("run")) events.tell("run", { ...run });
  }
}

/** Rejects as soon as the engine is closed without waiting, lest a supervisor that does not answer holds that up. */
function orStopped<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(closedError());
    signal.addEventListener("abort", stop, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function closedError(): UcbError {
  return new UcbError("ERR_UCB_CLOSED", "the engine was closed before it began");
}

/** What is left of a callback that is no more must not run again. */
const goneLimits: RunLimits = { ...defaultRunLimits, onLost: "report" };

function gone({ callback }: Run): string {
  return `${callback} is no longer among the callbacks, or is disabled`;
}

/** Of a script. */
function optionsOf(entry: TableEntry): CallbackOptions {
  return entry.kind === "site" ? entry.callback.options : defaultOptions;
}

/** The limits of a callback's runs. */
export function limitsOf(entry: TableEntry): RunLimits {
  if (entry.kind === "gone") return goneLimits;
  return entry.kind === "site" ? entry.callback.options : entry.callback.limits;
}

function endingOf({ state, exitCode, code }: Outcome): Ending {
  if (state === "lost" && code === "ERR_UCB_STATUS") return "unknown";
  const asksForRetry = exitCode === temporaryFailure || code === "ERR_UCB_LATER";
  return state === "failed" && asksForRetry ? "later" : state;
}
