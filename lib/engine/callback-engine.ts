import { availableParallelism } from "node:os";
import { Bridge } from "../bridge/bridge.js";
import type { Job, Subjob, Supervisor, Work } from "../bridge/supervisor.js";
import type { Callback, Configuration } from "../config/configuration.js";
import type { Diagnostic } from "../config/diagnostic.js";
import { loadConfiguration } from "../config/load-configuration.js";
import type { RunLimits } from "../config/run-limits.js";
import { UcbError } from "../errors.js";
import { findInterpreters } from "../execute/find-interpreters.js";
import type { CallbackFunction } from "../execute/function.js";
import { Launcher } from "../execute/launcher.js";
import type { ScriptRoom } from "../execute/script.js";
import type { Trigger } from "../trigger/ast.js";
import { type EventFields, parseEvent } from "../trigger/event.js";
import { Matcher } from "../trigger/matcher.js";
import { parseTriggerOrThrow } from "../trigger/parse.js";
import {
  checkBatch,
  checkEngineOptions,
  checkListener,
  checkRegistration,
  closeModeOf,
  jobOf,
  recordsOf,
  textOf,
} from "./arguments.js";
import type { CallbackPause } from "./breaker.js";
import { CallbackTable } from "./callback-table.js";
import type { CallbackCounters } from "./counters.js";
import { EngineEmitter, type EngineEvents } from "./engine-events.js";
import { functionLimits } from "./function-limits.js";
import { JobRecords } from "./job-records.js";
import type { EventRecords } from "./run-book.js";
import { Runs } from "./runs.js";
import { EngineSupervisorPort } from "./supervisor-port.js";

export interface EngineOptions {
  /** Path of a `qb.conf`; without it `/etc/qb.conf` is read if it exists. */
  qbConf?: string;
  /** Callback directories, instead of those `qb.conf` names; an empty list for functions alone. */
  directories?: readonly string[];
  /** A configuration that was loaded already, instead of `qbConf` and `directories`. */
  configuration?: Configuration;
  /** Where output is filed, instead of `supervisor_logpath`. Absolute. */
  logPath?: string;
  /** Answers callbacks and does what they ask. Without one, records that events carried are kept and actions only reported. */
  supervisor?: Supervisor;
  /** Runs at once; default 16 a processor. */
  maxRunning?: number;
  /** Between TERM and KILL of a run that missed its deadline, in milliseconds; default 5000. */
  killAfterMs?: number;
  /** Refuse to open if the configuration has any error, doubtful names included. */
  strict?: boolean;
  /** Where PATH, HOME, LANG, TZ and QBDIR of callbacks come from; default the process's own. */
  environment?: Readonly<Record<string, string | undefined>>;
}

/** An event, taken apart, with the records it carries. */
export interface EngineEvent extends Omit<EventFields, "extra" | "name" | "jobId"> {
  name?: string;
  jobId?: number;
  extra?: string | number;
  /** The record of the event's job, as far as it is known. */
  job?: Job;
  work?: Work;
  subjob?: Subjob;
}

export interface BatchResult {
  events: number;
  runs: number;
  /** One for each line that was no event; the other lines were taken. */
  errors: UcbError[];
}

export interface Registration {
  readonly name: string;
  unregister(): void;
}

/** What happens to runs that have not ended: waited for, left alone, or ended with TERM and KILL. */
export type CloseMode = "wait" | "leave" | "terminate";

const defaultTimeoutMs = 600_000;
const noRecords: EventRecords = {};

/** Matches events against a site's callbacks and runs what they fire. Open with {@link CallbackEngine.open}. */
export class CallbackEngine {
  readonly #configuration: Configuration;
  readonly #table: CallbackTable;
  readonly #matcher = new Matcher();
  readonly #records = new JobRecords();
  readonly #events = new EngineEmitter();
  readonly #port: EngineSupervisorPort;
  readonly #script: ScriptRoom;
  readonly #runs: Runs;
  /** Rules changed since the matcher was loaded; loading waits for the next event, so that many registrations cost one. */
  #stale = true;
  #registrations = 0;
  #closing: Promise<void> | null = null;
  /** The event being matched, for the visitor below: one closure for all events keeps the path free of allocation. */
  #currentText = "";
  #currentRecords: EventRecords = noRecords;
  readonly #fire = (callback: number, jobId: number) => this.#fired(callback, jobId);

  private constructor(configuration: Configuration, options: EngineOptions, script: ScriptRoom) {
    this.#configuration = configuration;
    this.#table = new CallbackTable(configuration.callbacks);
    this.#port = new EngineSupervisorPort(options.supervisor, this.#records, this.#events);
    this.#script = script;
    const { launcher, logPath } = script;
    this.#runs = new Runs({
      ...{ records: this.#records, events: this.#events, port: this.#port, script },
      qcb: { launcher, supervisor: this.#port, mail: configuration.qbConf.mail, logPath },
      maxRunning: options.maxRunning ?? 16 * availableParallelism(),
    });
  }

  /**
   * Reads the configuration, finds the interpreters it needs and starts the launcher's threads.
   * @throws UcbError `ERR_UCB_CONFIG` with `strict` if anything is wrong; `ERR_UCB_ARGUMENT` for an option out of range
   */
  static async open(options: EngineOptions = {}): Promise<CallbackEngine> {
    checkEngineOptions(options);
    const configuration = options.configuration ?? (await loadConfiguration(options));
    const { interpreters, diagnostics } = await findInterpreters(configuration.callbacks);
    const all = [...configuration.diagnostics, ...diagnostics];
    if (options.strict === true) refuseErrors(all);
    const bridge = await Bridge.open();
    const engine = new CallbackEngine({ ...configuration, diagnostics: all }, options, {
      launcher: new Launcher(),
      bridge,
      interpreters,
      logPath: options.logPath ?? configuration.qbConf.logPath,
      killAfterMs: options.killAfterMs ?? 5000,
    });
    bridge.serve(engine.#port.handler);
    return engine;
  }

  /** What was found wrong or doubtful in the configuration when it was read. */
  get diagnostics(): readonly Diagnostic[] {
    return this.#configuration.diagnostics;
  }

  /** The callbacks of the site's directories, disabled ones included. */
  get callbacks(): readonly Callback[] {
    return this.#configuration.callbacks;
  }

  /**
   * Runs that wait and runs that execute; of those that wait, `delayed` ones wait for time to pass, for a retry or for
   * the end of a callback's pause, and not for others to end.
   */
  get load(): { queued: number; running: number; delayed: number } {
    return this.#runs.load;
  }

  /** What became of the runs of each callback that has fired, by its id; a copy of this moment. */
  counters(): ReadonlyMap<string, CallbackCounters> {
    return this.#runs.counters();
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
    if (this.#closing !== null) throw new UcbError("ERR_UCB_CLOSED", "the engine is closed: no more jobs are taken");
    const record = jobOf(job);
    this.#matcher.attach({ ...this.#records.get(record.id), ...record });
    this.#records.update(record);
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
    if (this.#closing !== null) throw new UcbError("ERR_UCB_CLOSED", "the engine is closed: no more events are taken");
    if (this.#stale) this.#load();
    const text = typeof event === "string" ? event : textOf(event);
    const records: EventRecords = typeof event === "string" ? noRecords : recordsOf(event);
    this.#currentText = text;
    this.#currentRecords = records;
    const lifecycle = text.startsWith("submit-job-") || text.startsWith("removed-job-");
    if (lifecycle || records.job !== undefined) return this.#emitWithRecord(text, records.job, lifecycle);
    return this.#matcher.matchEach(text, this.#fire);
  }

  /** Reports many events, one a line; empty lines are skipped, and a malformed one costs the others nothing. */
  emitBatch(text: string | Uint8Array): BatchResult {
    checkBatch(text);
    const result: BatchResult = { events: 0, runs: 0, errors: [] };
    for (const line of (typeof text === "string" ? text : new TextDecoder().decode(text)).split("\n")) {
      const event = line.endsWith("\r") ? line.slice(0, -1) : line;
      if (event === "") continue;
      try {
        result.runs += this.emit(event);
        result.events++;
      } catch (error) {
        if (!(error instanceof UcbError) || error.code !== "ERR_UCB_EVENT") throw error;
        result.errors.push(error);
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
    const index = this.#table.add({ name, trigger, run: callback.run, timeoutMs, limits });
    this.#stale = true;
    return {
      name,
      unregister: () => {
        if (this.#table.get(index) === undefined) return;
        this.#table.remove(index);
        this.#runs.forget(name);
        this.#stale = true;
      },
    };
  }

  /** Listens. What a listener throws is raised as an uncaught exception, after the others were told. */
  on<K extends keyof EngineEvents>(name: K, listener: (...args: EngineEvents[K]) => void): this {
    checkListener(name, listener);
    this.#events.on(name, listener);
    return this;
  }

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
   * Takes no more events and ends. With `wait` (the default) everything that fired still runs to its end; with `leave`
   * and `terminate` waiting runs are dropped, and running scripts are left alone or ended with TERM and KILL.
   */
  close(options: { running?: CloseMode } = {}): Promise<void> {
    const mode = closeModeOf(options);
    this.#closing ??= this.#shutDown(mode);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #shutDown(mode: CloseMode): Promise<void> {
    const stopped = mode === "wait" ? null : this.#runs.stop();
    const launcherClosed = mode === "wait" ? null : this.#script.launcher.close({ running: mode });
    await stopped;
    if (mode !== "leave") await this.idle();
    await (launcherClosed ?? this.#script.launcher.close());
    await this.#script.bridge.close();
    this.#matcher.close();
    this.#events.clear();
  }

  #load(): void {
    this.#matcher.load(this.#table.rules());
    this.#stale = false;
  }

  /** Events that begin or end an attachment or bring news of a job: rarer, and dearer, than the rest. */
  #emitWithRecord(text: string, job: Job | undefined, lifecycle: boolean): number {
    const { jobId, name } = parseEvent(text);
    if (job !== undefined && job.id !== jobId) {
      throw new UcbError("ERR_UCB_EVENT", `event "${text}" carries the record of job ${job.id}`);
    }
    const submit = lifecycle && name === "submit";
    const record = job ?? { id: jobId };
    if (submit || this.#records.get(jobId) !== undefined) {
      this.#records.update(record);
      if (submit || job !== undefined) this.#matcher.attach(this.#records.get(jobId) ?? record);
    }
    try {
      return this.#matcher.matchEach(text, this.#fire);
    } finally {
      if (lifecycle && name === "removed") this.#records.delete(jobId);
    }
  }

  #fired(callback: number, jobId: number): void {
    const entry = this.#table.get(callback);
    if (entry === undefined) return;
    const text = this.#currentText;
    const records = this.#currentRecords;
    this.#runs.fire(entry, text, jobId, records);
    // Whoever listens may have emitted another event, while this one fires more.
    this.#currentText = text;
    this.#currentRecords = records;
  }
}

function refuseErrors(diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const [first] = errors;
  if (first === undefined) return;
  const more = errors.length === 1 ? "" : ` (and ${errors.length - 1} more)`;
  throw new UcbError("ERR_UCB_CONFIG", `${first.message}${more}`, {
    file: first.file,
    line: first.line,
    column: first.column,
    hint: first.hint,
  });
}
