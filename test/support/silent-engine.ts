import { onTestFinished } from "vitest";
import { CallbackEngine } from "../../lib/index.js";

/** An engine for functions that nobody listens to, as in a supervisor that looks at its counters only. */
export async function openSilent(maxRunning: number): Promise<CallbackEngine> {
  const engine = await CallbackEngine.open({ directories: [], maxRunning });
  onTestFinished(() => engine.close({ running: "terminate" }));
  return engine;
}
