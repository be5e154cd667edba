import { argumentError, isObject } from "../argument-error.js";

/**
 * What a process, and what it starts, may use; null or absent is no limit. They hold from the first instruction of its
 * program on, and never raise what this process itself may use.
 */
export interface LaunchLimits {
  /** Bytes of address space of each process. */
  memory?: number | null | undefined;
  /** Files each process may have open. */
  files?: number | null | undefined;
  /**
   * Bytes that any one file may grow to by what is written to it, the file that receives the output among them. A write
   * beyond fails with `EFBIG`, or ends the process with SIGXFSZ where it does not ignore that.
   */
  fileSize?: number | null | undefined;
}

const mostNice = 19;

/**
 * As the addon takes them; null where there are none.
 * @throws UcbError `ERR_UCB_ARGUMENT`
 */
export function packLimits(nice: number | undefined, limits: LaunchLimits | undefined): Float64Array | null {
  if (nice === undefined && limits === undefined) return null;
  const { memory, files, fileSize }: LaunchLimits = limits ?? {};
  if (limits !== undefined && !isObject(limits)) throw argumentError("limits", "an object", limits);
  if (nice !== undefined && !(Number.isInteger(nice) && nice >= 0 && nice <= mostNice)) {
    throw argumentError("nice", `a whole number from 0 to ${mostNice}`, nice);
  }
  const packed = [nice ?? 0, limit("memory", memory), limit("files", files), limit("fileSize", fileSize)] as const;
  if (packed[0] === 0 && packed[1] < 0 && packed[2] < 0 && packed[3] < 0) return null;
  return Float64Array.from(packed);
}

function limit(name: string, value: number | null | undefined): number {
  if (value === null || value === undefined) return -1;
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw argumentError(`limits.${name}`, "a whole number, 0 or more, or null", value);
}
