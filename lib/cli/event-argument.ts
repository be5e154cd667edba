import type { Command } from "commander";
import { UcbError } from "../errors.js";
import { type EventFields, parseEvent } from "../trigger/event.js";
import { exitCodes } from "./exit-codes.js";

/** An event given on the command line. */
export interface EventArgument extends EventFields {
  /** As it was written. */
  text: string;
}

export const eventArgument = [
  "<EVENT>",
  "name-type-jobid or name-type-jobid-extra, such as complete-work-1001-17",
] as const;

/** Takes the event apart; one that is malformed is a mistake in the command's usage. */
export function readEventArgument(text: string, command: Command): EventArgument {
  try {
    return { text, ...parseEvent(text) };
  } catch (error) {
    if (!(error instanceof UcbError)) throw error;
    const hint = error.hint === undefined ? "" : `\nhint: ${error.hint}`;
    return command.error(`error: ${error.message}${hint}`, { exitCode: exitCodes.usage, code: error.code });
  }
}
