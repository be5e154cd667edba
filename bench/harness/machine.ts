import { availableParallelism, cpus, release, totalmem } from "node:os";

/** What a figure depends on beside the code. */
export interface Machine {
  processor: string;
  processors: number;
  memoryGiB: number;
  system: string;
  node: string;
  v8: string;
}

export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    processors: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
  };
}
