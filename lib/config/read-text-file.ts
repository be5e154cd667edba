import { Buffer, isUtf8 } from "node:buffer";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { asUcbError } from "../errors.js";

/** Nobody writes a configuration of this size; reading one must not fill the memory. */
const largestSize = 8 * 1024 * 1024;

/** A byte that is not UTF-8: where it is, and its line with a replacement character there. */
export interface EncodingFault {
  line: number;
  column: number;
  lineText: string;
}

export interface TextContent {
  /** With replacement characters where it is not UTF-8. */
  text: string;
  fault: EncodingFault | null;
  /** The file's mode. */
  mode: number;
}

export type TextFile = TextContent | { text: null; reason: string };

/** Reads a regular file; the path must not be a link. Never blocks on a pipe or a device. */
export async function readTextFile(path: string): Promise<TextFile> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) return { text: null, reason: "it is not a regular file" };
    if (stats.size > largestSize) {
      return { text: null, reason: `it is larger than ${largestSize / 1024 / 1024} MiB` };
    }
    const bytes = await handle.readFile();
    return { text: bytes.toString("utf8"), fault: isUtf8(bytes) ? null : findFault(bytes), mode: stats.mode };
  } catch (cause) {
    return { text: null, reason: asUcbError(cause, "ERR_UCB_CONFIG", "").message };
  } finally {
    await handle?.close();
  }
}

function findFault(bytes: Buffer): EncodingFault {
  let line = 1;
  for (let start = 0; ; line += 1) {
    const feed = bytes.indexOf(0x0a, start);
    const end = feed < 0 ? bytes.length : feed;
    const part = bytes.subarray(start, end);
    if (!isUtf8(part) || feed < 0) {
      const text = part.toString("utf8");
      return { line, column: faultIn(part, text) + 1, lineText: text.replace(/\r$/, "") };
    }
    start = end + 1;
  }
}

/** The index of the first replacement character that does not stand in the bytes as one. */
function faultIn(bytes: Buffer, text: string): number {
  for (let index = text.indexOf("\uFFFD"); index >= 0; index = text.indexOf("\uFFFD", index + 1)) {
    const offset = Buffer.byteLength(text.slice(0, index));
    if (!bytes.subarray(offset, offset + 3).equals(Buffer.from("\uFFFD"))) return index;
  }
  return 0;
}
