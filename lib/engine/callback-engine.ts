import { availableParallelism } from "node:os";
import type { Job } from "../bridge/supervisor.js";
import type { Callback, Configuration } from "../config/configuration.js";
import type { Diagnostic } from "../config/diagnostic.js";
import type { RunLimits } from "../config/run-limits.js";
import { UcbError } from "../errors.js";
import type { CallbackFunction } from "../execute/function.js";
import type { QcbRoom } from "../execute/qcb.js";
import type { Run } from "../execute/run.js";
import type { ScriptRoom } from "../execute/script.js";
import type { Trigger } from "../trigger/ast.js";
import { Matcher } from "../trigger/matcher.js";
import { parseTriggerOrThrow } from "../trigger/parse.js";
import {
  checkEngineOptions,
  checkListener,
  checkRegistration,
  closeModeOf,
  jobOf,
  recordsOf,
  textOf,
} from "./arguments.js";
import { batchLines, errorInLine, isPlainBatch, noText } from "./batch.js";
import type { CallbackPause } from "./breaker.js";
import { CallbackTable, type FunctionCallback } from "./callback-table.js";
import type { ConfigurationChange } from "./configuration-change.js";
import type { CallbackCounters } from "./counters.js";
import { CurrentSite, type RefusedConfiguration } from "./current-site.js";
import { DurableState } from "./durable-state.js";
import type { EngineEvent } from "./engine-event.js";
import { EngineEmitter, type EngineEvents } from "./engine-events.js";
import type { EngineOptions } from "./engine-options.js";
import { type EventExplanation, explainEvent } from "./event-explanation.js";
import { functionLimits } from "./function-limits.js";
import { JobRecords } from "./job-records.js";
import type { Site } from "./load-site.js";
import { Matching } from "./matching.js";
import { MemoryTrace, type PendingTrigger } from "./memory-trace.js";
import { type EngineParts, prepareEngine } from "./prepare-engine.js";
import type { RecoveredRun } from "./recovery.js";
import { noRecords } from "./run-book.js";
import { Runs } from "./runs.js";
import { EngineSupervisorPort } from "./supervisor-port.js";
import { TimeMemory } from "./time-memory.js";
import { TimeTriggers } from "./time-triggers.js";

/** What came of {@link CallbackEngine.emitBatch}. */
export interface BatchResult {
  /** Lines that were events. */
  events: number;
  /** Runs that they fired. */
  runs: number;
  /** One for each line that was no event, with its number as `line`; the other lines were taken. */
  errors: UcbError[];
}

/** A function that is a callback, until it is unregistered. */
export interface Registration {
  /** The name it was given, or a name of its own: `callbackId` of its runs. */
  readonly name: string;
  /** No event fires it from now on; runs that have fired are run. A second call does nothing. */
  unregister(): void;
}

/** What happens to runs that have not ended: waited for, left alone, or ended with TERM and KILL. */
export type CloseMode = "wait" | "leave" | "terminate";

const defaultTimeoutMs = 600_000;

/** Matches events against a site's callbacks and runs what they fire. Open with {@link CallbackEngine.open}. */
export class CallbackEngine {
  readonly #site: CurrentSite;
  readonly #table: CallbackTable;
  readonly #records = new JobRecords();
  readonly #events = new EngineEmitter();
  readonly #port: EngineSupervisorPort;
  readonly #script: ScriptRoom;
  readonly #qcb: QcbRoom;
  readonly #runs: Runs;
  readonly #state: DurableState | null;
  readonly #matching: Matching;
  readonly #times: TimeTriggers;
  /** Runs of an engine before whose functions nobody has registered yet. */
  #unclaimed: RecoveredRun[] = [];
  #registrations = 0;
  /** Set before the first run is dropped: whoever hears of that must not be able to fire another. */
  #isClosed = false;
  #closing: Promise<void> | null = null;

  private constructor(options: EngineOptions, parts: EngineParts) {
    const { configuration, script, stored } = parts;
    this.#site = new CurrentSite(options, parts, {
      taken: (change, site) => this.#reconfigure(change, site),
      mended: (change) => this.#events.tell("configuration", change),
      refused: (error) => this.#events.tell("problem", error),
    });
    this.#table = new CallbackTable(configuration.callbacks);
    this.#port = new EngineSupervisorPort(options.supervisor, this.#records, this.#events);
    this.#script = script;
    const { launcher, logPath } = script;
    const matcher = new Matcher();
    const room = { matcher, records: this.#records, events: this.#events };
    this.#state = stored === null ? null : new DurableState(stored.journal, stored, room);
    this.#qcb = { launcher, supervisor: this.#port, mail: configuration.qbConf.mail, logPath };
    this.#runs = new Runs({
      ...{ records: this.#records, events: this.#events, port: this.#port, script, state: this.#state },
      qcb: this.#qcb,
      maxRunning: options.maxRunning ?? 16 * availableParallelism(),
    });
    this.#matching = new Matching({
      ...{ matcher, table: this.#table, records: this.#records, state: this.#state },
      trace: options.trace === true ? new MemoryTrace(matcher) : null,
      fired: (entry, text, jobId, records) => this.#runs.fire(entry, text, jobId, records),
    });
    for (const job of stored?.jobs ?? []) this.#matching.restore(job);
    for (const run of stored?.runs ?? []) this.#recover(run);
    this.#times = new TimeTriggers({
      triggers: () => this.#table.rules().map(({ trigger }) => trigger),
      jobs: this.#records,
      memory: this.#state?.times ?? new TimeMemory([], null),
      emit: (event) => void this.emit(event),
    });
    this.#records.onNew = (id) => this.#times.attaching(id);
    this.#times.triggersChanged();
    script.bridge.serve(this.#port.handler);
    script.warm.onProblem = (error) => this.#events.tell("problem", error);
  }

  /**
   * Reads the configuration, finds the interpreters it needs and starts the launcher's threads. With `state`, runs of the
   * engine before go on from the next turn of the event loop on: whoever wants to hear of all listens at once.
   * @throws UcbError `ERR_UCB_CONFIG` with `strict` if anything is wrong; `ERR_UCB_ARGUMENT` for an option out of range;
   * `ERR_UCB_STATE` if the state is damaged, another engine has it, or others may write there
   */
  static async open(options: EngineOptions = {}): Promise<CallbackEngine> {
    checkEngineOptions(options);
    return new CallbackEngine(options, await prepareEngine(options));
  }

  /** What was found wrong or doubtful in the configuration when it was read. */
  get diagnostics(): readonly Diagnostic[] {
    return this.#site.configuration.diagnostics;
  }

  /** The latest configuration, where it was read after the one that holds and refused; null while what was read holds. */
  get refusedConfiguration(): RefusedConfiguration | null {
    return this.#site.refusal;
  }

  /** The callbacks of the site's directories, disabled ones included. */
  get callbacks(): readonly Callback[] {
    return this.#site.configuration.callbacks;
  }

  /** The callback directories. */
  get directories(): readonly string[] {
    return this.#site.configuration.directories;
  }

  /**
   * Runs that wait and runs that execute; of those that wait, `delayed` ones wait for time to pass, for a retry or for
   * the end of a callback's pause, and not for others to end.
   */
  get load(): { queued: number; running: number; delayed: number } {
    return this.#runs.load;
  }

  /** Events that were reported and runs they asked for, since the engine was opened. */
  get totals(): { events: number; matches: number } {
    return { ...this.#matching.totals };
  }

  /** What became of the runs of each callback that has fired, by its id; a copy of this moment. */
  counters(): ReadonlyMap<string, CallbackCounters> {
    return this.#runs.counters();
  }

  /**
   * `&&` triggers that are half satisfied, of one job or of all; which events it were is known with `trace`. Without that it
   * looks at all that is remembered.
   */
  pending(jobId?: number): PendingTrigger[] {
    return this.#matching.memories.pending(jobId);
  }

  /**
   * What an event would do if it were reported now, trigger by trigger: what it satisfies, what happened before and by which event
   * (known with `trace`), what is missing, and what keeps a run from beginning. Changes nothing.
   * @throws UcbError `ERR_UCB_EVENT` if the event is malformed, `ERR_UCB_CLOSED` after {@link close}
   */
  async explain(event: string | EngineEvent): Promise<EventExplanation> {
    if (this.#isClosed) throw closedError();
    const [text, job] = typeof event === "string" ? [event] : [textOf(event), recordsOf(event).job];
    return await explainEvent(text, job, {
      ...{ table: this.#table, records: this.#records, memories: () => this.#matching.memories },
      obstacle: (callbackId, limits, owner) => this.#runs.obstacle(callbackId, limits, owner),
    });
  }

  /** Callbacks that failed too often and are not run for a while, by their ids. */
  pauses(): ReadonlyMap<string, CallbackPause> {
    return this.#runs.pauses();
  }

  /**
   * Makes a job known that was submitted before, or tells what is new of one, and fires nothing.
   * @throws UcbError `ERR_UCB_ARGUMENT` for ids out of range, `ERR_UCB_CLOSED` after {@link close}
   */
  attach(job: Job): void {
    if (this.#isClosed) throw new UcbError("ERR_UCB_CLOSED", "the engine is closed: no more jobs are taken");
    this.#matching.attach(jobOf(job));
  }

  /** Attaches a job and fires `submit-job` for it. Returns the number of runs fired. */
  submit(job: Job): number {
    const record = jobOf(job);
    return this.emit({ name: "submit", type: "job", jobId: record.id, job: record });
  }

  /**
   * Reports an event. Fires what it matches and returns the number of runs; never waits for a callback and never throws
   * for a callback's fault.
   * @throws UcbError `ERR_UCB_EVENT` if the event is malformed, `ERR_UCB_CLOSED` after {@link close}
   */
  emit(event: string | EngineEvent): number {
    if (this.#isClosed) throw closedError();
    if (typeof event === "string") return this.#matching.report(event, noRecords);
    return this.#matching.report(textOf(event), recordsOf(event));
  }

  /**
   * Reports many events, one a line; empty lines are skipped, and a malformed one costs the others nothing. Bytes are
   * fastest: their lines are matched some hundreds of runs ahead of what listeners are told.
   */
  emitBatch(text: string | Uint8Array): BatchResult {
    if (this.#isClosed) throw closedError();
    const result: BatchResult = { events: 0, runs: 0, errors: [] };
    if (isPlainBatch(text) && this.#matching.takesLines) {
      const refused = (error: UcbError, line: number) => result.errors.push(errorInLine(error, line));
      return Object.assign(result, this.#matching.reportLines(text, refused));
    }
    for (const [index, event] of batchLines(text).entries()) {
      if (event === "") continue;
      try {
        if (event === null) throw noText();
        result.runs += this.emit(event);
        result.events++;
      } catch (error) {
        if (!(error instanceof UcbError) || error.code !== "ERR_UCB_EVENT") throw error;
        result.errors.push(errorInLine(error, index + 1));
      }
    }
    return result;
  }

  /**
   * Makes a function a callback like the site's own, with the same limits where `limits` says nothing else.
   * @throws UcbError `ERR_UCB_TRIGGER` if `on` is malformed, `ERR_UCB_ARGUMENT` if the name is taken or a limit is out of range
   */
  register(callback: {
    on: Trigger | string;
    run: CallbackFunction;
    name?: string;
    timeoutMs?: number;
    limits?: Partial<RunLimits>;
  }): Registration {
    checkRegistration(callback);
    const trigger = typeof callback.on === "string" ? parseTriggerOrThrow(callback.on) : callback.on;
    const name = callback.name ?? `function-${++this.#registrations}`;
    const timeoutMs = callback.timeoutMs ?? defaultTimeoutMs;
    if (this.#table.has(name)) throw new UcbError("ERR_UCB_ARGUMENT", `a callback "${name}" is registered already`);
    const limits = functionLimits(callback.limits ?? {});
    const registered: FunctionCallback = { name, trigger, run: callback.run, timeoutMs, limits };
    this.#table.add(registered);
    this.#rulesChanged();
    this.#claim(registered);
    return {
      name,
      unregister: () => {
        if (!this.#table.remove(registered)) return;
        this.#runs.forget(name);
        this.#rulesChanged();
      },
    };
  }

  /** Listens. What a listener throws is raised as an uncaught exception, after the others were told. */
  on<K extends keyof EngineEvents>(name: K, listener: (...args: EngineEvents[K]) => void): this {
    checkListener(name, listener);
    this.#events.on(name, listener);
    return this;
  }

  /** Listens no more; a listener that was never there is no mistake. */
  off<K extends keyof EngineEvents>(name: K, listener: (...args: EngineEvents[K]) => void): this {
    checkListener(name, listener);
    this.#events.off(name, listener);
    return this;
  }

  /** Resolves when no run waits or executes, runs that fire in the meantime included, and those that wait for a retry. */
  idle(): Promise<void> {
    return this.#runs.idle();
  }

  /**
   * Resolves when everything reported before is on the disk: then what it fires is run even if this process, or the
   * machine, dies at the next instruction.
   * @throws UcbError `ERR_UCB_STATE` if it could not be written, or the engine has no `state`
   */
  flush(): Promise<void> {
    if (this.#state !== null) return this.#state.flush();
    const message = "the engine was opened without state: nothing it is told can be made durable";
    const hint = "open it with state, the path of a folder";
    return Promise.reject(new UcbError("ERR_UCB_STATE", message, { hint }));
  }

  /**
   * Reads the configuration again, or takes the one that is given, and swaps it for the one that holds, between two events.
   * What has fired already still runs; `&&` triggers that have not changed keep what they remember. Resolves to what is different.
   * @throws ConfigurationError `ERR_UCB_CONFIG` if there is any error in it: the one before still holds; `ERR_UCB_CLOSED`
   * after {@link close}
   */
  reload(configuration?: Configuration): Promise<ConfigurationChange> {
    return this.#site.reload(configuration);
  }

  /** Runs that have ended and that `state` still keeps, the newest `limit` of them, oldest first; none without `state`. */
  async finishedRuns(limit = 1000): Promise<Run[]> {
    return (await this.#state?.finishedRuns(limit)) ?? [];
  }

  /**
   * Takes no more events and ends. With `wait` (the default) everything that fired still runs to its end; with `leave`
   * and `terminate` running scripts are left alone or ended with TERM and KILL, and waiting runs are dropped, or with
   * `state` kept for the next engine, which also waits for those that were left alone.
   */
  close(options: { running?: CloseMode } = {}): Promise<void> {
    const mode = closeModeOf(options);
    this.#isClosed = true;
    this.#closing ??= this.#shutDown(mode);
    return this.#closing;
  }

  /** {@link close}, waiting for everything that fired. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #shutDown(mode: CloseMode): Promise<void> {
    this.#site.close();
    this.#times.close();
    const stopped = mode === "wait" ? null : this.#runs.stop();
    const launcherClosed = mode === "wait" ? null : this.#script.launcher.close({ running: mode });
    await stopped;
    // What is left alone has ended here by now, and what has no process yet gets none.
    await this.idle();
    this.#script.warm.close();
    await (launcherClosed ?? this.#script.launcher.close());
    await this.#script.bridge.close();
    await this.#state?.close();
    this.#matching.close();
    this.#events.clear();
  }

  #rulesChanged(): void {
    this.#matching.rulesChanged();
    this.#times.triggersChanged();
  }

  #reconfigure(change: ConfigurationChange, { configuration, interpreters }: Site): void {
    this.#table.replace(configuration.callbacks);
    this.#rulesChanged();
    this.#script.interpreters = interpreters;
    this.#qcb.mail = configuration.qbConf.mail;
    this.#runs.reconfigured(change.generation, this.#table.sites, change.removed);
    this.#events.tell("configuration", change);
  }

  /** Runs of functions wait until somebody registers a function of that name. */
  #recover(run: RecoveredRun): void {
    const { kind, run: record } = run.stored;
    if (kind === "function") {
      this.#unclaimed.push(run);
      this.#state?.unclaimed(run.stored);
      return;
    }
    const { callbackId: id, callback: file } = record;
    this.#runs.recover(run, this.#table.site(id) ?? { kind: "gone", callback: { id, file } });
  }

  #claim(callback: FunctionCallback): void {
    const isTheirs = ({ stored }: RecoveredRun) => stored.run.callbackId === callback.name;
    const claimed = this.#unclaimed.filter(isTheirs);
    if (claimed.length > 0) this.#unclaimed = this.#unclaimed.filter((run) => !isTheirs(run));
    for (const run of claimed) this.#runs.recover(run, { kind: "function", callback });
  }
}

function closedError(): UcbError {
  return new UcbError("ERR_UCB_CLOSED", "the engine is closed: no more events are taken");
}
