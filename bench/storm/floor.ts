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

/** What a clock that does nothing sees of the machine while the C loop starts and reaps processes beside it. */
export async function clockBesideProcesses(baseline: string): Promise<Stall> {
  return await withFolder(async (folder) => {
    const resolution = 1;
    const delay = monitorEventLoopDelay({ resolution });
    delay.enable();
    await runCLoop(baseline, { milliseconds: sized(1000, 100), inFlight, folder, residentMiB: 1 });
    delay.disable();
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - resolution);
    return {
      name: "floor: a clock beside the C loop",
      stallMs: late(delay.max),
      stallP999Ms: late(delay.percentile(99.9)),
    };
  });
}
