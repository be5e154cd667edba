import type { Diagnostic } from "../config/diagnostic.js";
import type { Run } from "../execute/run.js";
import { complain, note } from "./complaint.js";
import { count } from "./count.js";
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

/** Bytes that may wait for a reader of stderr who is behind; what comes then is left out, and counted. */
export const mostBehind = 1024 * 1024;

/** For people, on stderr. */
export function textLog(color?: boolean): CommandLog {
  let missing = 0;
  const say = (tell: () => void) => {
    if (process.stderr.writableLength > mostBehind) {
      missing++;
      return;
    }
    if (missing > 0) note(`${count(missing, "message")} in front of this could not be written, and is left out`);
    missing = 0;
    tell();
  };
  return {
    info: (text) => say(() => note(text)),
    warn: (text) => say(() => note(text)),
    error: (error) => say(() => complain(error, color)),
    diagnostics: (diagnostics) => say(() => showDiagnostics(diagnostics, color)),
  };
}

/** What names a run in records. */
export function fieldsOfRun({ id, callback, event, jobId, attempt }: Run): LogFields {
  return { run: id, callback, event, job: jobId, attempt };
}
