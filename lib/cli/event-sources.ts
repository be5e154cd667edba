import { constants, createReadStream } from "node:fs";
import { access, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { asUcbError, UcbError } from "../errors.js";

export interface EventSource {
  /** As it was given; null for standard input. */
  file: string | null;
  /** For people. */
  name: string;
  open(): Readable;
}

/**
 * Where events come from: files (`-` is standard input) one after the other, or standard input alone if there are none.
 * @throws UcbError `ERR_UCB_INPUT` if one of them cannot be read
 */
export async function eventSources(files: readonly string[]): Promise<EventSource[]> {
  const names = files.length === 0 ? ["-"] : files;
  for (const file of names) if (file !== "-") await checkReadable(file);
  return names.map((file) =>
    file === "-"
      ? { file: null, name: "standard input", open: () => process.stdin }
      : { file, name: file, open: () => createReadStream(file) },
  );
}

async function checkReadable(file: string): Promise<void> {
  try {
    if ((await stat(file)).isDirectory())
      throw new UcbError("ERR_UCB_INPUT", `${file} is a directory, not a file of events`);
    await access(file, constants.R_OK);
  } catch (error) {
    throw asUcbError(error, "ERR_UCB_INPUT", `${file} cannot be read`);
  }
}
