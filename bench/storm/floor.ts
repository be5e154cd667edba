import { monitorEventLoopDelay } from "node:perf_hooks";
import { withFolder } from "../harness/folder.js";
import { sized } from "../harness/options.js";
import { runCLoop } from "../launch/c-loop.js";

/** Milliseconds by which a clock was late. */
export interface Stall {
  name: string;
  stallMs: number;
  stallP999Ms: number;
}

/** As many as an engine runs at once on two processors, where nothing else is said. */
const inFlight = 32;

/** About what an engine works in one turn, and how often, while as many scripts as it can start end around it. */
const workMs = 4;
const everyMs = 10;

/**
 * What a clock sees of the machine while the C loop starts and reaps processes beside it: one that does nothing else, or
 * one whose event loop works two fifths of the time.
 */
export async function clockBesideProcesses(baseline: string, works: boolean): Promise<Stall> {
  return await withFolder(async (folder) => {
    const resolution = 1;
    const delay = monitorEventLoopDelay({ resolution });
    delay.enable();
    const working = works ? setInterval(work, everyMs) : undefined;
    await runCLoop(baseline, { milliseconds: sized(1000, 100), inFlight, folder, residentMiB: 1 });
    clearInterval(working);
    delay.disable();
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - resolution);
    return {
      name: works ? "floor: a clock that works, beside the C loop" : "floor: a clock beside the C loop",
      stallMs: late(delay.max),
      stallP999Ms: late(delay.percentile(99.9)),
    };
  });
}

/** For so much time of a processor, however long it has to wait for one. */
function work(): void {
  const used = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  for (const end = used() + workMs; used() < end; );
}
