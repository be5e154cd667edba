import { basename } from "node:path";
import type { Diagnostic } from "../../lib/config/diagnostic.js";

/** `callbacks.conf:3:18 ERR_UCB_…` for each diagnostic, in order. */
export function summarize(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ file, line, column, code }) => `${basename(file)}:${line}:${column} ${code}`);
}

/** What each diagnostic's caret stands under. */
export function underlined(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ lineText, column, length }) => lineText.slice(column - 1, column - 1 + length));
}
