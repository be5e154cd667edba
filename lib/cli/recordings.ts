import { type FileHandle, open, stat } from "node:fs/promises";
import { numbered } from "../daemon/numbered-file.js";
import { asUcbError, UcbError } from "../errors.js";

/** Events that were written down, ready to be read. */
export interface RecordedFile {
  /** As people know it; null for standard input. */
  file: string | null;
  /** Bytes; 0 where nobody knows. */
  size: number;
  stream(): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** Which of these paths are folders, and which are not. */
export async function splitFolders(paths: readonly string[]): Promise<{ files: string[]; folders: string[] }> {
  const isFolder = async (path: string) => path !== "-" && (await stat(path).catch(() => null))?.isDirectory() === true;
  const found = await Promise.all(paths.map(isFolder));
  return { files: paths.filter((_, index) => !found[index]), folders: paths.filter((_, index) => found[index]) };
}

/**
 * Opens recordings in the order in which they were written: with a file also the ones before it, `FILE.1` and so on, that lie
 * beside it. All are opened before any is read: whoever goes on recording shifts none of them away. `-` is standard input.
 * @throws UcbError `ERR_UCB_INPUT` if one cannot be read
 */
export async function openRecordings(paths: readonly string[]): Promise<RecordedFile[]> {
  const opened: RecordedFile[] = [];
  const seen = new Set<string>();
  try {
    for (const [base, numbers] of families(paths)) {
      opened.push(...(base === "-" ? [standardInput] : await openFamily(base, numbers, seen)));
    }
    return opened;
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

export async function closeAll(files: readonly RecordedFile[]): Promise<void> {
  await Promise.all(files.map((file) => file.close()));
}

/** What belongs together: which numbers of each file were named, 0 being the file itself. */
function families(paths: readonly string[]): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>();
  for (const path of paths) {
    const [, base = path, number = "0"] = /^(.+)\.([1-9][0-9]{0,4})$/.exec(path) ?? [];
    found.set(base, (found.get(base) ?? new Set()).add(Number(number)));
  }
  return found;
}

/** From the newest to the oldest, since they may be shifted meanwhile: one may then be met twice, but none is missed. */
async function openFamily(base: string, named: ReadonlySet<number>, seen: Set<string>): Promise<RecordedFile[]> {
  const opened: RecordedFile[] = [];
  const last = Math.max(...named);
  try {
    for (let number = 0, ended = !named.has(0); !ended || number <= last; number++) {
      if (ended && !named.has(number)) continue;
      const path = numbered(base, number);
      const handle = await open(path, "r").catch((error) => {
        if (error.code === "ENOENT" && !named.has(number)) return null;
        throw asUcbError(error, "ERR_UCB_INPUT", `${path} cannot be read`);
      });
      if (handle === null) ended = true;
      else opened.push(...(await recordedFile(path, handle, seen)));
    }
    return opened.reverse();
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** None if it is one that was met before. */
async function recordedFile(file: string, handle: FileHandle, seen: Set<string>): Promise<RecordedFile[]> {
  const facts = await handle.stat();
  const key = `${facts.dev} ${facts.ino}`;
  if (facts.isDirectory() || seen.has(key)) {
    await handle.close();
    if (!facts.isDirectory()) return [];
    throw new UcbError("ERR_UCB_INPUT", `${file} is a directory, not a file of events`);
  }
  seen.add(key);
  return [
    {
      ...{ file, size: facts.isFile() ? facts.size : 0 },
      stream: () => handle.createReadStream({ autoClose: false }),
      close: () => handle.close(),
    },
  ];
}

const standardInput: RecordedFile = {
  file: null,
  size: 0,
  stream: () => process.stdin,
  close: async () => {},
};
