import type { Diagnostic } from "./diagnostic.js";
import type { DiagnosticCode } from "./diagnostic-codes.js";

/** Where in a file something stands: a diagnostic without its verdict. */
export type Place = Pick<Diagnostic, "file" | "line" | "column" | "length" | "lineText">;

/** A line's part, counted like a {@link Diagnostic}. */
export interface Extent {
  line: number;
  column: number;
  length: number;
}

/** The place that means a whole file or directory. */
export function wholeFile(file: string): Place {
  return { file, line: 0, column: 0, length: 1, lineText: "" };
}

/** The place of a part of a line. */
export function placeIn(file: string, lines: readonly string[], { line, column, length }: Extent): Place {
  return { file, line, column, length: Math.max(1, length), lineText: lines[line - 1] ?? "" };
}

export function error(code: DiagnosticCode, place: Place, message: string, hint?: string): Diagnostic {
  return { severity: "error", code, message, ...place, ...(hint === undefined ? {} : { hint }) };
}

export function warning(code: DiagnosticCode, place: Place, message: string, hint?: string): Diagnostic {
  return { ...error(code, place, message, hint), severity: "warning" };
}
