import type { RunLimits } from "../config/run-limits.js";
import { asUcbError } from "../errors.js";
import { type Execution, type Outcome, outcomeOf } from "../execute/execution.js";
import { FunctionStop, runFunction } from "../execute/function.js";
import { type QcbRoom, runQcb } from "../execute/qcb.js";
import { runScript, type ScriptRoom } from "../execute/script.js";
import type { CallbackPause } from "./breaker.js";
import type { TableEntry } from "./callback-table.js";
import type { CallbackCounters, DropCode } from "./counters.js";
import { dropReason } from "./drop-reason.js";
import type { Ending, Slot } from "./ending.js";
import type { EngineEmitter } from "./engine-events.js";
import type { JobRecords } from "./job-records.js";
import { type EventRecords, idOf, type OpenRun, RunBook } from "./run-book.js";
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
}

/** What an exit status of 75 (EX_TEMPFAIL) says: try again later. */
const temporaryFailure = 75;

/** All runs of an engine, from when they fire to their end. */
export class Runs {
  readonly #room: RunsRoom;
  readonly #book = new RunBook();
  readonly #scheduler: Scheduler<OpenRun>;
  /** What stops each function that executes; scripts are stopped by the launcher. */
  readonly #executing = new Set<AbortController>();

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
    const gaveWay = this.#scheduler.offer(id, limits, jobId, open);
    this.#tell(open);
    if (gaveWay !== null) this.#drop(gaveWay, "ERR_UCB_QUEUE_FULL");
  }

  counters(): ReadonlyMap<string, CallbackCounters> {
    return this.#scheduler.counters();
  }

  pauses(): ReadonlyMap<string, CallbackPause> {
    return this.#scheduler.pauses();
  }

  idle(): Promise<void> {
    return this.#scheduler.idle();
  }

  /** A function is no callback any more. */
  forget(name: string): void {
    this.#scheduler.forget(name);
  }

  /** Begins nothing any more and stops functions. Resolves when all that waited is dropped. */
  stop(): Promise<void> {
    const cleared = this.#scheduler.clear((open) => this.#drop(open, "ERR_UCB_CLOSED"));
    const reason = new FunctionStop("failed", "the engine was closed");
    for (const abort of this.#executing) abort.abort(reason);
    return cleared;
  }

  async #execute(open: OpenRun, slot: Slot): Promise<void> {
    const abort = new AbortController();
    this.#executing.add(abort);
    const outcome = await this.#outcomeOf(open, abort);
    this.#executing.delete(abort);
    if (outcome === null) {
      slot.end("left", null);
      return;
    }
    const retryAt = slot.end(endingOf(outcome), outcome.reason);
    if (retryAt === null) this.#book.end(open.run, outcome);
    else this.#book.retry(open.run, outcome, retryAt);
    this.#tell(open);
  }

  /** Null if it was left alone when the engine was closed: it still runs, and nobody will know how it ends. */
  async #outcomeOf(open: OpenRun, abort: AbortController): Promise<Outcome | null> {
    try {
      return await this.#perform(open, abort);
    } catch (error) {
      const { message, code } = asUcbError(error, "ERR_UCB_LAUNCH", "");
      if (code === "ERR_UCB_CLOSED" && open.run.pid !== null) return null;
      return outcomeOf("failed", open.run.startedAt ?? Date.now(), { reason: message, code });
    }
  }

  async #perform(open: OpenRun, abort: AbortController): Promise<Outcome> {
    const { port, script, qcb, events } = this.#room;
    const { entry, run, work, subjob } = open;
    const execution: Execution = {
      run,
      job: await port.recordOf(run.jobId, open.known, open.carried),
      ...(work === undefined ? {} : { work }),
      ...(subjob === undefined ? {} : { subjob }),
      started: (details) => {
        this.#book.start(run, details);
        this.#tell(open);
      },
      slow: () => events.tell("slow", { ...run }),
    };
    if (entry.kind === "function") return await runFunction(entry.callback, execution, port, abort);
    if (entry.callback.language === "qube") return await runQcb(entry.callback, execution, qcb);
    return await runScript(entry.callback, execution, script);
  }

  #drop(open: OpenRun, code: DropCode): void {
    this.#book.drop(open.run, dropReason(code, limitsOf(open.entry)), code);
    this.#tell(open);
  }

  #tell({ run }: OpenRun): void {
    const { events } = this.#room;
    if (events.has("run")) events.tell("run", { ...run });
  }
}

function limitsOf(entry: TableEntry): RunLimits {
  return entry.kind === "site" ? entry.callback.options : entry.callback.limits;
}

function endingOf({ state, exitCode, code }: Outcome): Ending {
  const asksForRetry = exitCode === temporaryFailure || code === "ERR_UCB_LATER";
  return state === "failed" && asksForRetry ? "later" : state;
}
