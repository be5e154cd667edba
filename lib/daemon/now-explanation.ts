import { type Diagnostic, errorsOf } from "../config/diagnostic.js";
import type { EventExplanation } from "../engine/event-explanation.js";

/** What an event would do now, and what of the configuration is left out and can do nothing. */
export interface NowExplanation extends EventExplanation {
  leftOut: { code: string; message: string; file: string; line: number; column: number }[];
}

/** Of what was found wrong in a configuration, the part that tells what is left out. */
export function leftOutOf(diagnostics: readonly Diagnostic[]): NowExplanation["leftOut"] {
  return errorsOf(diagnostics).map(({ code, message, file, line, column }) => ({ code, message, file, line, column }));
}
