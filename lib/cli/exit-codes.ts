/** What commands give back to the shell. */
export const exitCodes = {
  good: 0,
  /** The answer is no, or something failed. */
  no: 1,
  usage: 2,
} as const;

/** How a command ends, for whoever waits for its exit code. */
export type Finish = (exitCode: number) => void;
