import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { launchThreads } from "./ours.js";

export const cLoopName = "posix_spawn loop in C";
/**
 * The same, where another thread asks for each launch and hears of its end: what no launcher beside an event loop can be
 * spared.
 */
export const askedLoopName = "posix_spawn loop in C, asked by another thread";

/** One turn of the C program, in a process of its own that holds as much memory. Returns launches a second. */
export async function runCLoop(
  path: string,
  turn: { milliseconds: number; inFlight: number; folder: string; residentMiB: number; asked?: boolean },
): Promise<number> {
  const { milliseconds, inFlight, folder, residentMiB, asked = false } = turn;
  const { stdout } = await promisify(execFile)(
    path,
    [milliseconds, inFlight, launchThreads, folder, residentMiB, asked ? "asked" : "loop"].map(String),
  );
  const [launches, nanoseconds] = stdout.split(" ").map(Number);
  if (!launches || !nanoseconds) throw new Error(`the C loop said "${stdout}"`);
  return launches / (nanoseconds / 1e9);
}
