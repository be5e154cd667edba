import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import type { Run } from "../execute/run.js";

export interface RunOutput {
  text: string;
  /** Bytes in front of the text that were left out. */
  omitted: number;
}

const chunkSize = 1 << 20;

/**
 * The end, at most `limit` bytes, of what an ended run printed: its block in the job's log, or its own file where that
 * could not be appended to the log. Begins with a line, unless the last line alone is longer than the limit. Null if
 * there is no such block.
 */
export async function readRunOutput(run: Run, limit: number): Promise<RunOutput | null> {
  if (run.log === null) return null;
  const file = await open(run.log, "r");
  try {
    const { size } = await file.stat();
    const range = basename(run.log) === `${run.id}.out` ? { start: 0, end: size } : await findBlock(file, run, size);
    if (range === null) return null;
    if (range.end - range.start <= limit)
      return { text: String(await readRange(file, range.start, range.end)), omitted: 0 };
    // The byte in front of what may be shown tells whether that begins with a line.
    const end = await readRange(file, range.end - limit - 1, range.end);
    const from = firstWhole(end);
    return { text: String(end.subarray(from)), omitted: range.end - range.start - end.length + from };
  } finally {
    await file.close();
  }
}

/** Where, behind the first byte, the first line begins that is there from its beginning, or else the first character. */
function firstWhole(bytes: Buffer): number {
  const line = bytes.indexOf("\n") + 1;
  if (line > 0 && line < bytes.length) return line;
  let from = 1;
  while (from < bytes.length && ((bytes[from] ?? 0) & 0xc0) === 0x80) from++;
  return from;
}

/** What stands between the header and the trailer of the run. */
async function findBlock(file: FileHandle, { id }: Run, size: number): Promise<{ start: number; end: number } | null> {
  const end = await findLast(file, `=== end ${id} `, size);
  if (end === null) return null;
  const header = await findLast(file, `=== run ${id} `, end);
  if (header === null) return null;
  for (let at = header; at < end; at += chunkSize) {
    const lineFeed = (await readRange(file, at, Math.min(at + chunkSize, end))).indexOf("\n");
    if (lineFeed >= 0) return { start: at + lineFeed + 1, end };
  }
  return null;
}

/** Where the last line begins, in front of `before`, that begins with `text`. Logs grow for ever, so it looks from the end. */
async function findLast(file: FileHandle, text: string, before: number): Promise<number | null> {
  const line = Buffer.from(`\n${text}`);
  for (let end = before; end > 0; ) {
    const start = Math.max(0, end - chunkSize);
    const chunk = await readRange(file, start, end);
    const found = chunk.lastIndexOf(line);
    if (found >= 0) return start + found + 1;
    if (start === 0) return chunk.subarray(0, line.length - 1).equals(line.subarray(1)) ? 0 : null;
    // A match may lie across the border of two chunks.
    end = start + line.length - 1;
  }
  return null;
}

async function readRange(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.alloc(end - start);
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
