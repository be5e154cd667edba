import type { Diagnostic } from "../config/diagnostic.js";
import type { Run } from "../execute/run.js";
import { complain, note } from "./complaint.js";
import { showDiagnostics } from "./site.js";

/** What programs are told beside the text. Of a run that is its id as `run`, in every record that is about one. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where a command that stays tells how it does, apart from its answers. */
export interface CommandLog {
  info(text: string, fields?: LogFields): void;
  warn(text: string, fields?: LogFields): void;
  error(error: unknown, fields?: LogFields): void;
  diagnostics(diagnostics: readonly Diagnostic[]): void;
}

/** For people, on stderr. */
export function textLog(color?: boolean): CommandLog {
  return {
    info: note,
    warn: note,
    error: (error) => complain(error, color),
    diagnostics: (diagnostics) => showDiagnostics(diagnostics, color),
  };
}

/** What names a run in records. */
export function fieldsOfRun({ id, callback, event, jobId, attempt }: Run): LogFields {
  return { run: id, callback, event, job: jobId, attempt };
}
