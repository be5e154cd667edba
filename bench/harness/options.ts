/** Whether to check only that the benchmark still runs. */
export const isShort = process.argv.includes("--short");

/** `full`, or `brief` in a short run. */
export function sized<T>(full: T, brief: T): T {
  return isShort ? brief : full;
}
