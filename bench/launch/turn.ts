import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import type { Launching } from "./launching.js";

export interface Turn {
  launchesPerSecond: number;
  /** Milliseconds of the calling thread until the call that launches returns, a launch. */
  callMs: number;
  /** Milliseconds in which the event loop was not idle, a launch: the call, and hearing of the end. */
  loopMs: number;
}

/** Keeps `inFlight` processes running for some time, then waits for the last of them. */
export async function takeTurn(
  launching: Launching,
  { milliseconds, inFlight, folder }: { milliseconds: number; inFlight: number; folder: string },
): Promise<Turn> {
  const utilization = performance.eventLoopUtilization();
  const start = performance.now();
  let launches = 0;
  let running = 0;
  let calling = 0;
  await new Promise<void>((resolve, reject) => {
    const launch = (): void => {
      running++;
      launches++;
      const called = performance.now();
      launching.launch(`${folder}/${launches}.out`, ended);
      calling += performance.now() - called;
    };
    const ended = (exitCode: number | null): void => {
      running--;
      if (exitCode !== 0) reject(new Error(`${launching.name}: a launch ended with ${exitCode}`));
      if (performance.now() - start < milliseconds) launch();
      else if (running === 0) resolve();
    };
    for (let i = 0; i < inFlight; i++) launch();
  });
  const elapsed = performance.now() - start;
  const { active } = performance.eventLoopUtilization(utilization);
  return {
    launchesPerSecond: launches / (elapsed / 1000),
    callMs: calling / launches,
    loopMs: active / launches,
  };
}

/**
 * A turn under watch: by how many milliseconds the latest tick of a clock of one millisecond was late. The ticking keeps
 * the event loop busy, so that nothing else is measured in such a turn.
 */
export async function longestStall(launching: Launching, options: Parameters<typeof takeTurn>[1]): Promise<number> {
  const resolution = 1;
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  await takeTurn(launching, options);
  // A stall that lasts to the end is told by the tick that comes after it.
  await pause(5 * resolution);
  delay.disable();
  return Math.max(0, delay.max / 1e6 - resolution);
}
