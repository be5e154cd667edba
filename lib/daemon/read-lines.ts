import { UcbError } from "../errors.js";

/** A line that came in; `bytes` is null where it was longer than allowed and has been skipped. */
export interface InputLine {
  /** From 1. */
  number: number;
  /** Without its end. */
  bytes: Buffer | null;
  /** Whether another whole line has come with it and follows at once. */
  more: boolean;
  /** Whether its end has come; the last line may have none. */
  ended: boolean;
}

/** What a line of events may have, in bytes: parsed, the densest JSON takes fifty times as much. */
export const longestLine = 16 * 1024 * 1024;

const lineFeed = 0x0a;

/**
 * What is on a line.
 * @throws UcbError `ERR_UCB_INPUT` if it was longer than {@link longestLine}
 */
export function bytesOf({ bytes }: InputLine): Buffer {
  if (bytes !== null) return bytes;
  throw new UcbError("ERR_UCB_INPUT", `the line is longer than ${longestLine / 1024 / 1024} MiB`);
}

/**
 * The lines of a stream, the last one also where nothing ends it. Holds no more than one line of `longest` bytes at a
 * time: what is longer is skipped while it comes in.
 */
export async function* readLines(stream: AsyncIterable<Buffer>, longest: number): AsyncGenerator<InputLine> {
  let parts: Buffer[] = [];
  let length = 0;
  let number = 1;

  const add = (part: Buffer) => {
    length += part.length;
    if (length > longest) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  const take = (more: boolean, ended = true): InputLine => {
    const [only] = parts;
    const bytes = length > longest ? null : parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
    parts = [];
    length = 0;
    return { number: number++, bytes, more, ended };
  };

  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; ) {
      const next = chunk.indexOf(lineFeed, end + 1);
      add(chunk.subarray(start, end));
      yield take(next >= 0);
      start = end + 1;
      end = next;
    }
    add(chunk.subarray(start));
  }
  if (length > 0) yield take(false, false);
}
