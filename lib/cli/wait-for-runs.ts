import type { CallbackEngine } from "../engine/callback-engine.js";
import { count } from "./count.js";
import { Progress } from "./progress.js";

const everyMs = 1000;

/** Resolves when nothing waits or runs any more; a terminal is told what is waited for. */
export async function waitForRuns(engine: CallbackEngine): Promise<void> {
  const progress = new Progress();
  const begin = performance.now();
  const timer = setInterval(() => progress.show(() => describe(engine, performance.now() - begin)), everyMs);
  try {
    await engine.idle();
  } finally {
    clearInterval(timer);
    progress.end();
  }
}

function describe({ load: { queued, running } }: CallbackEngine, ms: number): string {
  const waiting = queued === 0 ? "" : `, and ${queued} more to begin`;
  return `waiting for ${count(running, "run")} to end${waiting}: ${Math.round(ms / 1000)} s`;
}
