import { type ErrorCode, UcbError } from "./errors.js";

/** The error for a value that is not what it must be: `directories must be a list of paths, not "/x"`. */
export function argumentError(
  name: string,
  expected: string,
  value: unknown,
  code: ErrorCode = "ERR_UCB_ARGUMENT",
): UcbError {
  return new UcbError(code, `${name} must be ${expected}, not ${shownValue(value)}`);
}

/** The error for a value one of whose getters throws. */
export function unreadableError(name: string, cause: unknown, code: ErrorCode = "ERR_UCB_ARGUMENT"): UcbError {
  return new UcbError(code, `${name} cannot be read: ${reasonOf(cause)}`, { cause });
}

/** @throws UcbError `ERR_UCB_ARGUMENT` unless it is a whole number from 1 to `most` */
export function checkWhole(name: string, value: unknown, most: number): void {
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most) return;
  throw argumentError(name, `a whole number from 1 to ${most}`, value);
}

/** Any value in a few words; never throws and never calls what the value brings along. */
export function shownValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length <= 60 ? value : `${value.slice(0, 57)}...`);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`;
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    case "object":
      if (value === null) return "null";
      return isList(value) ? "a list" : "an object";
    default:
      return String(value);
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !isList(value);
}

/** `Array.isArray` throws for a revoked proxy. */
function isList(value: object): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

function reasonOf(cause: unknown): string {
  try {
    return cause instanceof Error ? cause.message : String(cause);
  } catch {
    return "what was thrown cannot be shown";
  }
}
