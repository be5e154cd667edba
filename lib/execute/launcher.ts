import { constants } from "node:os";
import { argumentError, checkWhole, isObject } from "../argument-error.js";
import { asUcbError, UcbError } from "../errors.js";
import { type NativeFailure, type NativeLauncher, native, nativeKinds } from "../native.js";
import { type AdoptOptions, checkAdoption } from "./adopt-options.js";
import { Deferred } from "./deferred.js";
import { adoptFailure, launchFailure, logFailure } from "./launch-failure.js";
import { type LaunchOptions, milliseconds, packLaunch } from "./launch-options.js";
import { LaunchRecord } from "./launch-record.js";
import {
  checkedObserver,
  type Launched,
  type LaunchObserver,
  type ProcessOutcome,
  type ProcessStarted,
} from "./launched.js";
import { type HostObserver, type HostOptions, hostFailure, packHost } from "./launcher-hosts.js";
import { checkedLogBlock, type LogBlock } from "./log-block.js";
import { Waiters } from "./waiters.js";

export type { AdoptOptions } from "./adopt-options.js";
export type { LaunchLimits } from "./launch-limits.js";
export type { LaunchOptions } from "./launch-options.js";
export type { Launched, LaunchObserver, ProcessOutcome, ProcessStarted } from "./launched.js";
export type { HostObserver, HostOptions } from "./launcher-hosts.js";
export type { LogBlock } from "./log-block.js";

/** What a {@link Launcher} is made with. */
export interface LauncherOptions {
  /** Threads that start processes, 1 to 64; 2 by default. More help only where starting waits for slow disks. */
  threads?: number | undefined;
  /**
   * Launches in their first moments at once, 1 to 1,000,000: each from when it begins until it ends or is found asleep,
   * for 20 ms at most. Others wait, so that a burst leaves the event loop its processor. Any number by default; an engine
   * lets one more than there are processors.
   */
  startingAtOnce?: number | undefined;
}

const mostThreads = 64;
const mostStarting = 1_000_000;

/** What {@link Launcher.close} does about processes that have not ended. */
export type RunningProcesses = "wait" | "leave" | "terminate";

interface Launch {
  readonly observer: LaunchObserver;
  /** The program; of a process that was adopted, its pid. */
  readonly what: string | number;
  readonly killAfterMs: number;
  started: boolean;
  /** Set when it was told to end at the moment a host began it. */
  terminateAfterMs: number | null;
}

interface Append {
  readonly log: string;
  readonly done: Deferred<void>;
}

/**
 * Starts processes, each leading a session of its own, and tells how they end. All work is done on threads of its own;
 * the event loop is kept alive for as long as something is unfinished. Must be closed.
 */
export class Launcher {
  readonly #handle: NativeLauncher;
  readonly #launches = new Map<number, Launch>();
  readonly #appends = new Map<number, Append>();
  readonly #hosts = new Map<number, HostObserver>();
  #lastTicket = 0;
  readonly #waiters = new Waiters();
  #closing: Promise<void> | null = null;
  #leaving = false;
  #closed = false;
  /** Launches and log blocks that threads have not been told of. */
  #kept = 0;
  readonly #handOver = () => {
    if (this.#kept > 0 && !this.#closed) native.launcherHandOver(this.#handle);
    this.#kept = 0;
  };

  /** @throws UcbError `ERR_UCB_ARGUMENT`, or `ERR_UCB_LAUNCH` if no threads or descriptors can be had */
  constructor(options: LauncherOptions = {}) {
    if (!isObject(options)) throw argumentError("options", "an object", options);
    const { threads = 2, startingAtOnce }: LauncherOptions = options;
    checkWhole("threads", threads, mostThreads);
    if (startingAtOnce !== undefined) checkWhole("startingAtOnce", startingAtOnce, mostStarting);
    const receive = (count: number, records: Float64Array) => this.#receive(count, records);
    try {
      this.#handle = native.launcherCreate(receive, threads, startingAtOnce ?? 0);
    } catch (error) {
      throw asUcbError(error, "ERR_UCB_LAUNCH", "the launcher's threads could not be started");
    }
  }

  /** Launches that have not ended, those waiting to be started included. */
  get running(): number {
    return this.#launches.size;
  }

  /**
   * Starts a process, as soon as the calling code lets go of the event loop. With an observer, which costs less than
   * promises, its ticket is returned.
   * @throws UcbError `ERR_UCB_ARGUMENT`, `ERR_UCB_CLOSED`
   */
  launch(options: LaunchOptions): Launched;
  launch(options: LaunchOptions, observer: LaunchObserver): number;
  launch(options: LaunchOptions, observer?: LaunchObserver): Launched | number {
    if (observer !== undefined) return this.#launch(options, checkedObserver(observer));
    const started = new Deferred<ProcessStarted>();
    const exited = new Deferred<ProcessOutcome>();
    const ticket = this.#launch(options, {
      started: started.resolve,
      exited: exited.resolve,
      failed(error) {
        started.reject(error);
        exited.reject(error);
      },
    });
    return {
      ticket,
      started: started.promise,
      exited: exited.promise,
      signal: (signal) => this.signal(ticket, signal),
      terminate: (killAfterMs) => this.terminate(ticket, killAfterMs),
    };
  }

  /**
   * Takes over the waiting for a process that an earlier process has started with a launcher: from now on it is like a
   * launch of this one, its deadlines, `signal`, `terminate` and `close` included. The observer's `started` is not called.
   * If the process has ended, or its pid is another's by now, `failed` is called with `ERR_UCB_GONE`.
   * @returns its ticket
   * @throws UcbError `ERR_UCB_ARGUMENT`, `ERR_UCB_CLOSED`
   */
  adopt(options: AdoptOptions, observer: LaunchObserver): number {
    if (this.#closing !== null) throw closedError();
    const { pid, startTicks, startedAt, timeoutMs, killAfterMs, slowAfterMs } = checkAdoption(options);
    checkedObserver(observer);
    const ticket = this.#nextTicket();
    native.launcherAdopt(this.#handle, ticket, pid, startTicks, startedAt, timeoutMs, killAfterMs, slowAfterMs);
    this.#launches.set(ticket, { observer, what: pid, killAfterMs, started: true, terminateAfterMs: null });
    this.#hold();
    return ticket;
  }

  /**
   * Starts a host: a warm interpreter that launches may name, and that forks for each of them. It ends with the launcher,
   * and does not keep the event loop alive.
   * @internal
   * @returns its ticket
   * @throws UcbError `ERR_UCB_ARGUMENT`, `ERR_UCB_CLOSED`
   */
  openHost(options: HostOptions, observer: HostObserver): number {
    if (this.#closing !== null) throw closedError();
    const { strings, argumentCount, variableCount } = packHost(options);
    const ticket = this.#nextTicket();
    native.launcherOpenHost(this.#handle, ticket, strings, argumentCount, variableCount);
    this.#hosts.set(ticket, observer);
    return ticket;
  }

  /**
   * Lets a host end once it has begun all that named it until now; its observer hears nothing more.
   * @internal
   */
  closeHost(ticket: number): void {
    if (!this.#closed && this.#hosts.delete(ticket)) native.launcherCloseHost(this.#handle, ticket);
  }

  /**
   * Sends a signal to a launch's process group. False if its process does not run (yet, or any more) or may not be
   * signalled.
   * @throws UcbError `ERR_UCB_ARGUMENT` for a signal that does not exist
   */
  signal(ticket: number, signal: NodeJS.Signals): boolean {
    const number = Object.hasOwn(constants.signals, signal) ? constants.signals[signal] : undefined;
    if (number === undefined) throw argumentError("signal", "the name of a signal", signal);
    return !this.#closed && this.#launches.has(ticket) && native.launcherSignal(this.#handle, ticket, number);
  }

  /**
   * Sends TERM to a launch's process group and KILL after `killAfterMs`, by default what the launch was given. One that
   * was not begun never is: it fails with `ERR_UCB_LAUNCH` and errno `ECANCELED`. False if it has ended.
   * @throws UcbError `ERR_UCB_ARGUMENT`
   */
  terminate(ticket: number, killAfterMs?: number): boolean {
    const launch = this.#launches.get(ticket);
    if (launch === undefined || this.#closed) return false;
    const killAfter = milliseconds("killAfterMs", killAfterMs, launch.killAfterMs);
    if (native.launcherTerminate(this.#handle, ticket, killAfter)) return true;
    // Either a host begins it right now, and it hears of this when it has begun, or it has just ended.
    if (!launch.started) launch.terminateAfterMs = killAfter;
    return !launch.started;
  }

  /**
   * {@link terminate} for every launch.
   * @throws UcbError `ERR_UCB_ARGUMENT`
   */
  terminateAll(killAfterMs?: number): void {
    for (const ticket of this.#launches.keys()) this.terminate(ticket, killAfterMs);
  }

  /**
   * Appends a block to a log, whole and under the log's lock. Body file and body are each given a newline if they do not
   * end in one.
   * @throws UcbError `ERR_UCB_LOG`, and the body file stays; `ERR_UCB_ARGUMENT`, `ERR_UCB_CLOSED`
   */
  async appendLog(block: LogBlock): Promise<void> {
    if (this.#closed) throw closedError();
    const checked = checkedLogBlock(block);
    const ticket = this.#nextTicket();
    native.launcherAppendLog(this.#handle, ticket, checked);
    this.#keep();
    const done = new Deferred<void>();
    this.#appends.set(ticket, { log: checked.log, done });
    this.#hold();
    return done.promise;
  }

  /** Resolves once no launch and no log block is unfinished. */
  idle(): Promise<void> {
    return this.#waiters.when(() => this.#unfinished === 0);
  }

  /**
   * Ends the launcher: no more launches are taken, and its threads are gone when the promise resolves. Processes that
   * have not ended are waited for, or terminated and waited for, or left alone: the latter go on, with their deadlines,
   * while their observers are told that they `failed` with `ERR_UCB_CLOSED`, and launches not begun never begin. Log
   * blocks are always waited for. A second call returns the same promise, and can go over from waiting to something else.
   * @throws UcbError `ERR_UCB_ARGUMENT`
   */
  close(options: { running?: RunningProcesses | undefined } = {}): Promise<void> {
    if (!isObject(options)) throw argumentError("options", "an object", options);
    const { running = "wait" } = options;
    if (running !== "wait" && running !== "leave" && running !== "terminate") {
      throw new UcbError("ERR_UCB_ARGUMENT", `running must be wait, leave or terminate, not ${String(running)}`);
    }
    this.#closing ??= this.#shutDown();
    if (running === "terminate") this.terminateAll();
    if (running === "leave") this.#leaving = true;
    this.#waiters.wake();
    return this.#closing;
  }

  /** {@link close}, waiting for all processes. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #shutDown(): Promise<void> {
    const ready = () => this.#appends.size === 0 && (this.#leaving || this.#launches.size === 0);
    do {
      await this.#waiters.when(ready);
      // Whoever has just heard of an end may, some steps later, append to a log.
      await new Promise((resolve) => setImmediate(resolve));
    } while (!ready());
    this.#closed = true;
    native.launcherClose(this.#handle);
    this.#abandon();
  }

  /** For what is left now there will be no message. */
  #abandon(): void {
    for (const [ticket, launch] of this.#launches) {
      this.#launches.delete(ticket);
      const fate = launch.started ? "it goes on" : "it was not started";
      const what = typeof launch.what === "number" ? `process ${launch.what}` : launch.what;
      const error = new UcbError("ERR_UCB_CLOSED", `the launcher of ${what} was closed: ${fate}`);
      try {
        launch.observer.failed(error);
      } catch (thrown) {
        rethrowLater(thrown);
      }
    }
    for (const { done } of this.#appends.values()) done.reject(closedError());
    this.#appends.clear();
    this.#waiters.wake();
  }

  #launch(options: LaunchOptions, observer: LaunchObserver): number {
    if (this.#closing !== null) throw closedError();
    const packed = packLaunch(options);
    const { host = 0 } = options;
    const ticket = this.#nextTicket();
    native.launcherLaunch(
      this.#handle,
      ticket,
      packed.strings,
      packed.argumentCount,
      packed.variableCount,
      packed.stdin,
      packed.timeoutMs,
      packed.killAfterMs,
      packed.slowAfterMs,
      packed.limits,
      host,
      packed.script,
      // One more waking of the event loop is worth a good part of what the rest of a launch costs it.
      observer.started !== undefined || host !== 0,
      observer.started !== undefined && (options.identified ?? true),
    );
    this.#keep();
    const { killAfterMs } = packed;
    this.#launches.set(ticket, { observer, what: options.file, killAfterMs, started: false, terminateAfterMs: null });
    this.#hold();
    return ticket;
  }

  /** Waking a thread costs more than all before, and the thread may be given the very processor that this one is on. */
  #keep(): void {
    this.#kept += 1;
    if (this.#kept === 1) void nothing.then(this.#handOver);
    if (this.#kept === mostKept) this.#handOver();
  }

  #nextTicket(): number {
    this.#lastTicket += 1;
    return this.#lastTicket;
  }

  get #unfinished(): number {
    return this.#launches.size + this.#appends.size;
  }

  /** Something has begun: until it ends, the event loop must not. */
  #hold(): void {
    if (this.#unfinished === 1) native.launcherRef(this.#handle, true);
  }

  #receive(count: number, records: Float64Array): void {
    for (let index = 0; index < count; index += 1) {
      const record = new LaunchRecord(records, index);
      const { kind, ticket } = record;
      if (kind === nativeKinds.logged || kind === nativeKinds.logFailed) {
        this.#endAppend(ticket, kind === nativeKinds.logFailed ? index : null);
        continue;
      }
      // What a listener throws is its own fault: nobody else shall miss anything for it, nor shall it pass unseen.
      try {
        this.#tell(record, index);
      } catch (error) {
        rethrowLater(error);
      }
    }
    if (this.#unfinished === 0 && !this.#closed) native.launcherRef(this.#handle, false);
    this.#waiters.wake();
  }

  #tell(record: LaunchRecord, index: number): void {
    const { kind, ticket } = record;
    const launch = this.#launches.get(ticket);
    if (launch === undefined) {
      this.#tellOfHost(record, index);
      return;
    }
    const { observer } = launch;
    switch (kind) {
      case nativeKinds.started:
        launch.started = true;
        if (launch.terminateAfterMs !== null) this.terminate(ticket, launch.terminateAfterMs);
        observer.started?.(record.started());
        break;
      case nativeKinds.cold:
        observer.cold?.(native.launcherFailure(this.#handle, index).message);
        break;
      case nativeKinds.slow:
        observer.slow?.(record.pid);
        break;
      case nativeKinds.exited:
        this.#launches.delete(ticket);
        observer.exited(record.outcome());
        break;
      case nativeKinds.failed:
        this.#launches.delete(ticket);
        observer.failed(failureOf(launch.what, native.launcherFailure(this.#handle, index)));
        break;
    }
  }

  #tellOfHost({ kind, ticket }: LaunchRecord, index: number): void {
    const observer = this.#hosts.get(ticket);
    if (observer === undefined) return;
    if (kind === nativeKinds.hostReady) observer.ready();
    if (kind !== nativeKinds.failed && kind !== nativeKinds.hostRefused) return;
    this.#hosts.delete(ticket);
    observer.ended(hostFailure(native.launcherFailure(this.#handle, index)));
  }

  #endAppend(ticket: number, failureIndex: number | null): void {
    const append = this.#appends.get(ticket);
    if (append === undefined) return;
    this.#appends.delete(ticket);
    if (failureIndex === null) append.done.resolve();
    else append.done.reject(logFailure(append.log, native.launcherFailure(this.#handle, failureIndex)));
  }
}

/** Beyond, they are begun even if the calling code goes on launching. */
const mostKept = 64;

/** Settled, for what comes behind the calling code: `queueMicrotask` would make an object for each call. */
const nothing = Promise.resolve();

function failureOf(what: string | number, failure: NativeFailure): UcbError {
  return typeof what === "number" ? adoptFailure(what, failure) : launchFailure(what, failure);
}

function closedError(): UcbError {
  return new UcbError("ERR_UCB_CLOSED", "the launcher was closed");
}

/** As an uncaught exception, once what is under way is done. */
function rethrowLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
