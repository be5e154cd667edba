/** A mistake, or something doubtful, in a configuration file. */
export interface Diagnostic {
  severity: "error" | "warning";
  /** Stable: `ERR_UCB_…` or `WARN_UCB_…`; `docs/reference` lists them. */
  code: string;
  message: string;
  /** Absolute path. */
  file: string;
  /** From 1; 0 where the whole file is meant. */
  line: number;
  /** From 1, in UTF-16 units; 0 where the whole line or file is meant. */
  column: number;
  /** How many characters the caret underlines, at least 1. */
  length: number;
  /** The offending line as it stands in the file, without its end; empty where the whole file is meant. */
  lineText: string;
  hint?: string;
}

/** Those for which something is left out or refused. */
export function errorsOf(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.filter(({ severity }) => severity === "error");
}
