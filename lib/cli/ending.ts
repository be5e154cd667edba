import { count } from "./count.js";
import type { StandardOutput } from "./standard-output.js";
import type { StopSignals } from "./stop-signals.js";

/** What a command still waits for when it is told to stop. */
export function describeRest({ queued, running }: { queued: number; running: number }): string {
  const rest = queued + running;
  return rest === 0 ? "nothing runs" : `waiting for ${count(rest, "run")} to end, and not if told again`;
}

/**
 * The exit code of a command that ran callbacks, when everything has ended. Told to stop, it ends as the signal says.
 * @throws UcbError if the answer could not be written
 */
export async function ending(output: StandardOutput, signals: StopSignals, exitCode: number): Promise<number> {
  // A reader that never comes back must not keep a command alive that was told to hurry.
  await Promise.race([output.flushed(), signals.hurried]);
  if (output.failure !== null) throw output.failure;
  return signals.stopping ? signals.obey() : exitCode;
}
