import { InvalidArgumentError } from "commander";

/** A time as ISO 8601 or as Unix milliseconds; in Unix milliseconds. */
export function moment(text: string): number {
  const unix = /^[0-9]{1,15}$/.test(text) ? Number(text) : /^[0-9]{4}-/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(unix)) throw new InvalidArgumentError("It is no time such as 2026-01-31T12:00:00Z.");
  return unix;
}
