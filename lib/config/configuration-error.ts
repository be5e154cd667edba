import { UcbError } from "../errors.js";
import { type Diagnostic, errorsOf } from "./diagnostic.js";

/** A configuration that is not taken, with all that is wrong with it. The message is the first error's. */
export class ConfigurationError extends UcbError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(first: Diagnostic, diagnostics: readonly Diagnostic[]) {
    const errors = errorsOf(diagnostics).length;
    const more = errors <= 1 ? "" : ` (and ${errors - 1} more)`;
    const { file, line, column, hint } = first;
    super("ERR_UCB_CONFIG", `${first.message}${more}`, { file, line, column, hint });
    this.diagnostics = diagnostics;
  }
}

/** @throws ConfigurationError if one of them is an error */
export function refuseErrors(diagnostics: readonly Diagnostic[]): void {
  const [first] = errorsOf(diagnostics);
  if (first !== undefined) throw new ConfigurationError(first, diagnostics);
}
