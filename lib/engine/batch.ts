import { isUtf8 } from "node:buffer";
import { argumentError } from "../argument-error.js";
import { UcbError } from "../errors.js";

const byteOrderMark = Buffer.from("\uFEFF");

/**
 * The lines of a batch without what ends them; null for one that is no UTF-8.
 * @throws UcbError `ERR_UCB_ARGUMENT` for what is no batch
 */
export function batchLines(batch: string | Uint8Array): (string | null)[] {
  if (typeof batch === "string") return linesOf(batch.startsWith("\uFEFF") ? batch.slice(1) : batch);
  if (!(batch instanceof Uint8Array)) throw argumentError("text", "a string or a Uint8Array", batch);
  const all = Buffer.from(batch.buffer, batch.byteOffset, batch.byteLength);
  // As decoders do, whoever asks for text.
  const bytes = all.subarray(all.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? byteOrderMark.length : 0);
  if (isUtf8(bytes)) return linesOf(bytes.toString("utf8"));
  const lines: (string | null)[] = [];
  for (let start = 0; start <= bytes.length; ) {
    const feed = bytes.indexOf(0x0a, start);
    const end = feed < 0 ? bytes.length : feed;
    const line = bytes.subarray(start, end);
    lines.push(isUtf8(line) ? withoutReturn(line.toString("utf8")) : null);
    start = end + 1;
  }
  return lines;
}

/** Numbers lines from 1, of one text and never backwards. */
export class LineCounter {
  readonly #bytes: Buffer;
  #line = 1;
  #next = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The number of the line that begins there. */
  at(start: number): number {
    for (let feed = this.#bytes.indexOf(0x0a, this.#next); feed >= 0 && feed < start; ) {
      this.#line++;
      this.#next = feed + 1;
      feed = this.#bytes.indexOf(0x0a, this.#next);
    }
    return this.#line;
  }
}

/** Whether the batch can be matched as it is. */
export function isPlainBatch(batch: string | Uint8Array): batch is Uint8Array {
  return batch instanceof Uint8Array && isUtf8(batch);
}

/** The error of a line, with its number from 1. */
export function errorInLine({ code, message, hint, cause }: UcbError, line: number): UcbError {
  return new UcbError(code, message, { line, hint, cause });
}

export function noText(): UcbError {
  return new UcbError("ERR_UCB_EVENT", "the line is not UTF-8");
}

function linesOf(text: string): string[] {
  return text.split("\n").map(withoutReturn);
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
