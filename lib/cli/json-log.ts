import { pino } from "pino";
import { UcbError } from "../errors.js";
import { type CommandLog, type LogFields, mostBehind } from "./command-log.js";

/** The part of a stream that records are written to. */
export interface LogStream {
  readonly writableLength: number;
  write(text: string): unknown;
}

/**
 * For programs: a JSON document a line. Whoever reads them cannot hold up the command by reading slowly, or not at all: what he
 * does not take is left out, and the next record that is written says how many are missing.
 */
export function jsonLog(stream: LogStream = process.stderr): CommandLog {
  let missing = 0;
  const logger = pino(
    {
      base: { name: "ucb", pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      mixin: () => (missing === 0 ? {} : { missing }),
    },
    {
      write: (line) => {
        if (stream.writableLength > mostBehind) {
          missing++;
          return;
        }
        missing = 0;
        stream.write(line);
      },
    },
  );
  return {
    info: (text, fields = {}) => logger.info(fields, text),
    warn: (text, fields = {}) => logger.warn(fields, text),
    error: (error, fields = {}) => logger.error({ ...fields, ...fieldsOfError(error) }, messageOf(error)),
    diagnostics: (diagnostics) => {
      for (const { severity, code, message, file, line, column, hint } of diagnostics) {
        logger[severity === "error" ? "error" : "warn"]({ code, file, line, column, hint }, message);
      }
    },
  };
}

function fieldsOfError(error: unknown): LogFields {
  if (!(error instanceof UcbError)) return error instanceof Error ? { stack: error.stack } : {};
  const { code, errno, syscall, path, file, line, column, hint } = error;
  return { code, errno, syscall, path, file, line, column, hint };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
