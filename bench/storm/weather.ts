import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import type { CallbackEngine } from "../../lib/engine/callback-engine.js";

/** What a storm did to the process. */
export interface Weather {
  name: string;
  events: number;
  runs: number;
  stallMs: number;
  stallP999Ms: number;
  /** Resident memory at its highest, over what it was before. */
  grownMiB: number;
  /** Runs that waited, at the worst moment. */
  queuedMost: number;
  /** From the first event until the last run had ended. */
  seconds: number;
}

/**
 * Sends chunks of events as a socket would deliver them, one chunk a turn of the event loop, and waits until everything
 * they fired has ended. The clock ticks every millisecond; what a tick came late by was a stall.
 */
export async function endure(
  name: string,
  engine: CallbackEngine,
  chunks: Iterable<readonly string[]>,
): Promise<Weather> {
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  const resolution = 1;
  const delay = monitorEventLoopDelay({ resolution });
  let resident = before;
  let queuedMost = 0;
  let events = 0;
  let runs = 0;
  const look = () => {
    resident = Math.max(resident, process.memoryUsage.rss());
    queuedMost = Math.max(queuedMost, engine.load.queued);
  };
  const begin = performance.now();
  const ticking = setInterval(look, 20);
  delay.enable();
  for (const chunk of chunks) {
    for (const event of chunk) runs += engine.emit(event);
    events += chunk.length;
    queuedMost = Math.max(queuedMost, engine.load.queued);
    await nextTurn();
  }
  await engine.idle();
  const seconds = (performance.now() - begin) / 1000;
  // A stall that lasts to the end is told by the tick that comes after it.
  await pause(5 * resolution);
  delay.disable();
  clearInterval(ticking);
  look();
  return {
    name,
    events,
    runs,
    // The histogram's delays hold the interval between two ticks.
    stallMs: Math.max(0, delay.max / 1e6 - resolution),
    stallP999Ms: Math.max(0, delay.percentile(99.9) / 1e6 - resolution),
    grownMiB: (resident - before) / 2 ** 20,
    queuedMost,
    seconds,
  };
}
