import type { UcbError } from "../../lib/errors.js";

/** What the promise is rejected with; resolving is the failure here. */
export async function rejection(promise: Promise<unknown>): Promise<UcbError> {
  const value = await promise.catch((error: UcbError) => ({ error }));
  if (typeof value === "object" && value !== null && "error" in value) return value.error as UcbError;
  throw new Error(`it did not fail but gave ${JSON.stringify(value)}`);
}
