import { InvalidArgumentError } from "commander";
import { UcbError } from "../errors.js";
import { type EventFields, parseEvent } from "../trigger/event.js";

/** An event given on the command line. */
export interface EventArgument extends EventFields {
  /** As it was written. */
  text: string;
}

export const eventArgument = [
  "<EVENT>",
  "name-type-jobid or name-type-jobid-extra, such as complete-work-1001-17",
] as const;

/** @throws InvalidArgumentError if it is no event: a mistake in the command's usage */
export function parseEventArgument(text: string): EventArgument {
  try {
    return { text, ...parseEvent(text) };
  } catch (error) {
    if (!(error instanceof UcbError)) throw error;
    throw new InvalidArgumentError(`${error.message}${error.hint === undefined ? "" : `\nhint: ${error.hint}`}`);
  }
}
