/**
 * Thrown by a function that is a callback: what it needs is away for a while, and the run shall be tried again, as
 * `retry` says. Any error with this `code` does the same; scripts exit with 75.
 */
export class RetryLater extends Error {
  override readonly name = "RetryLater";
  readonly code = "EX_TEMPFAIL";
}

export function asksForRetry(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === "EX_TEMPFAIL";
}
