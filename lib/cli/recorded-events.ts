import { isEventLine, parseEventRecord, parseJsonLine } from "../daemon/event-line.js";
import { bytesOf, longestLine, readLines } from "../daemon/read-lines.js";
import type { EngineEvent } from "../engine/engine-event.js";
import { asUcbError, UcbError } from "../errors.js";
import type { RecordedFile } from "./recordings.js";

/** One event of a recording. */
export interface RecordedEvent {
  event: string | EngineEvent;
  /** As it was reported. */
  text: string;
  /** Unix milliseconds; null where the line does not say. */
  at: number | null;
  /** Events before it that the recording lacks. */
  missing: number;
  /** Where it stands: see {@link BadLine}. */
  file: string | null;
  line: number;
  /** Of its line. */
  bytes: number;
}

/** What a line is that is no event. */
export interface BadLine {
  file: string | null;
  /** From 1. */
  line: number;
  error: UcbError;
}

export interface RecordedEventsListener {
  bad(line: BadLine): void;
  /** A file ends in the middle of a line: whoever wrote it was interrupted, or goes on writing. */
  torn(file: string | null): void;
  /** So many bytes more were read. */
  read(bytes: number): void;
}

/**
 * The events of recordings, in their order; lines that are none are told and left out.
 * @throws UcbError `ERR_UCB_INPUT` if a file cannot be read to its end
 */
export async function* recordedEvents(
  files: readonly RecordedFile[],
  listener: RecordedEventsListener,
): AsyncGenerator<RecordedEvent> {
  for (const recorded of files) {
    const { file } = recorded;
    try {
      for await (const line of readLines(counted(recorded.stream(), listener), longestLine)) {
        let found: RecordedEvent | null;
        try {
          found = eventOf(bytesOf(line), { file, line: line.number });
        } catch (error) {
          if (!(error instanceof UcbError)) throw error;
          if (line.ended) listener.bad({ file, line: line.number, error });
          else listener.torn(file);
          continue;
        }
        if (found !== null) yield found;
      }
    } catch (error) {
      throw asUcbError(error, "ERR_UCB_INPUT", `${file ?? "standard input"} cannot be read`);
    }
  }
}

async function* counted(stream: AsyncIterable<Buffer>, listener: RecordedEventsListener): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    listener.read(chunk.length);
    yield chunk;
  }
}

function eventOf(bytes: Buffer, place: { file: string | null; line: number }): RecordedEvent | null {
  const record = parseJsonLine(bytes);
  if (record === null) return null;
  if (!isEventLine(record)) throw new UcbError("ERR_UCB_INPUT", "the line asks something and reports no event");
  const event = parseEventRecord(record);
  const { event: text, at, missing } = record;
  return {
    ...{ event, text: String(text), bytes: bytes.length, ...place },
    at: typeof at === "number" && Number.isFinite(at) ? at : null,
    missing: typeof missing === "number" && Number.isSafeInteger(missing) ? Math.max(0, missing) : 0,
  };
}
