import { constants } from "node:os";
import { nativeRecord } from "../native.js";
import type { ProcessOutcome, ProcessStarted } from "./launched.js";

/** Where the numbers of a message begin in the addon's records, and what they say. */
export class LaunchRecord {
  readonly #records: Float64Array;
  readonly #at: number;

  constructor(records: Float64Array, index: number) {
    this.#records = records;
    this.#at = index * nativeRecord.size;
  }

  get kind(): number {
    return this.#number(nativeRecord.kind);
  }

  get ticket(): number {
    return this.#number(nativeRecord.ticket);
  }

  get pid(): number {
    return this.#number(nativeRecord.pid);
  }

  started(): ProcessStarted {
    return {
      pid: this.pid,
      startTicks: this.#number(nativeRecord.startTicks),
      startedAt: this.#number(nativeRecord.atMs),
      warm: this.#number(nativeRecord.warm) === 1,
    };
  }

  outcome(): ProcessOutcome {
    const exitCode = this.#number(nativeRecord.exitCode);
    const signal = this.#number(nativeRecord.signal);
    const maxRssKb = this.#number(nativeRecord.maxRssKb);
    return {
      pid: this.pid,
      exitCode: exitCode < 0 ? null : exitCode,
      signal: signal === 0 ? null : signalName(signal),
      statusKnown: exitCode >= 0 || signal !== 0,
      timedOut: this.#number(nativeRecord.timedOut) === 1,
      durationMs: this.#number(nativeRecord.durationMs),
      usage:
        maxRssKb < 0
          ? null
          : {
              userMs: this.#number(nativeRecord.userMs),
              systemMs: this.#number(nativeRecord.systemMs),
              maxRssKb,
            },
      endedAt: this.#number(nativeRecord.atMs),
    };
  }

  #number(place: number): number {
    return this.#records[this.#at + place] ?? 0;
  }
}

/** The first real-time signal that is not the C library's own. */
const firstRealTimeSignal = 34;

// Of two names for a number the common one comes first.
const signalNames = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name]),
);

function signalName(signal: number): string {
  return signalNames.get(signal) ?? `SIGRTMIN+${signal - firstRealTimeSignal}`;
}
