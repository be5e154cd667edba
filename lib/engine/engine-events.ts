import { EventEmitter } from "node:events";
import type { Action } from "../bridge/supervisor.js";
import type { UcbError } from "../errors.js";
import type { Run } from "../execute/run.js";
import type { CallbackPause } from "./breaker.js";
import type { ConfigurationChange } from "./configuration-change.js";

/** What an engine tells those who listen. */
export interface EngineEvents {
  /** A run came into being or changed its state; the record is a copy of that moment. */
  run: [run: Run];
  /** A third of a run's deadline has passed. */
  slow: [run: Run];
  /** A callback asked the supervisor for something; told before the supervisor is asked. */
  action: [action: Action];
  /** A callback failed too often in a row, or again when it was tried: until a time its runs wait. */
  paused: [pause: CallbackPause];
  /** A paused callback succeeded when it was tried, or its limits have changed: its runs go on. */
  resumed: [pause: CallbackPause];
  /** With `state`: what fires is not durable any more, and why; null when it is again. Told as a `problem`, too. */
  durability: [problem: UcbError | null];
  /** Another configuration holds from the next event on; or, after one was refused, the files say again what holds. */
  configuration: [change: ConfigurationChange];
  /** Something went wrong that no run's outcome shows, such as a supervisor that did not answer. */
  problem: [error: UcbError];
}

/** Tells listeners one by one: what one of them throws is raised as an uncaught exception and costs nobody else anything. */
export class EngineEmitter {
  readonly #emitter = new EventEmitter<EngineEvents>();

  on<K extends keyof EngineEvents>(name: K, listener: (...args: EngineEvents[K]) => void): void {
    this.#emitter.on(name, listener as never);
  }

  off<K extends keyof EngineEvents>(name: K, listener: (...args: EngineEvents[K]) => void): void {
    this.#emitter.off(name, listener as never);
  }

  has(name: keyof EngineEvents): boolean {
    return this.#emitter.listenerCount(name) > 0;
  }

  tell<K extends keyof EngineEvents>(name: K, ...args: EngineEvents[K]): void {
    for (const listener of this.#emitter.listeners(name)) {
      try {
        (listener as (...args: EngineEvents[K]) => void)(...args);
      } catch (error) {
        process.nextTick(() => {
          throw error;
        });
      }
    }
  }

  clear(): void {
    this.#emitter.removeAllListeners();
  }
}
