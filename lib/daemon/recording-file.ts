import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { PathGuard } from "../config/permissions.js";
import { asUcbError, UcbError } from "../errors.js";
import { native } from "../native.js";
import { numbered } from "./numbered-file.js";

export interface RecordingFileOptions {
  /** Absolute path; its folder must exist. */
  file: string;
  /** Bytes after which it is begun anew. */
  maxBytes: number;
  /** How many of those before are kept, as `FILE.1`, the newest, `FILE.2` and so on. */
  keep: number;
}

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;
/** A pipe without a reader is refused instead of waited for. */
const flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK;
const ownerOnly = 0o600;

/** A file of lines that only its owner can read, begun anew when it has grown enough. Belongs to one process at a time. */
export class RecordingFile {
  readonly #path: string;
  readonly #options: RecordingFileOptions;
  readonly #lock: number;
  #handle: FileHandle;
  #size: number;
  #inode: number;
  /** Whether it ends in the middle of a line. */
  #isTorn: boolean;

  private constructor(options: RecordingFileOptions, path: string, lock: number, opened: OpenedFile) {
    this.#options = options;
    this.#path = path;
    this.#lock = lock;
    this.#handle = opened.handle;
    this.#size = opened.size;
    this.#inode = opened.inode;
    this.#isTorn = opened.isTorn;
  }

  /**
   * Goes on with the file if it exists.
   * @throws UcbError `ERR_UCB_RECORD` if it cannot be written, others could lead it elsewhere, or another process records there
   */
  static async open(options: RecordingFileOptions): Promise<RecordingFile> {
    const { file } = options;
    const path = join(await safeFolder(file), basename(file));
    const lock = lockOf(file, `${path}.lock`);
    try {
      await refuseOthers(file, path);
      return new RecordingFile(options, path, lock, await openFile(path, O_CREAT));
    } catch (error) {
      native.fileUnlock(lock);
      throw asUcbError(error, "ERR_UCB_RECORD", `${file} cannot be recorded to`);
    }
  }

  /**
   * Appends whole lines, all or none as far as the system lets it.
   * @throws UcbError `ERR_UCB_RECORD`
   */
  async append(lines: Buffer): Promise<void> {
    try {
      await this.#prepare(lines.length);
      await this.#write(this.#isTorn ? Buffer.concat([Buffer.from("\n"), lines]) : lines);
    } catch (error) {
      throw asUcbError(error, "ERR_UCB_RECORD", `${this.#options.file} cannot be written`);
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
    native.fileUnlock(this.#lock);
  }

  async #write(bytes: Buffer): Promise<void> {
    let written = 0;
    try {
      while (written < bytes.length) {
        written += (await this.#handle.write(bytes, written, bytes.length - written)).bytesWritten;
      }
      this.#size += written;
      this.#isTorn = false;
    } catch (error) {
      // The part of a line that still found room is of no use to anybody.
      if (written > 0) await this.#handle.truncate(this.#size).catch(() => this.#tear(written));
      throw error;
    }
  }

  #tear(written: number): void {
    this.#isTorn = true;
    this.#size += written;
  }

  /** Makes room for so many bytes; begins a new file, too, where somebody has moved the old one away. */
  async #prepare(bytes: number): Promise<void> {
    const there = await lstat(this.#path).catch(nothingThere);
    const isOurs = there?.ino === this.#inode;
    if (isOurs && (this.#size === 0 || this.#size + bytes <= this.#options.maxBytes)) return;
    if (isOurs) await this.#shift();
    const opened = await openFile(this.#path, O_CREAT | (isOurs ? O_EXCL : 0));
    const before = this.#handle;
    this.#handle = opened.handle;
    this.#size = opened.size;
    this.#inode = opened.inode;
    this.#isTorn = opened.isTorn;
    await before.close();
  }

  async #shift(): Promise<void> {
    const { keep } = this.#options;
    if (keep === 0) {
      await unlink(this.#path);
      return;
    }
    for (let number = keep - 1; number >= 0; number--) {
      await rename(numbered(this.#path, number), numbered(this.#path, number + 1)).catch(nothingThere);
    }
  }
}

interface OpenedFile {
  handle: FileHandle;
  size: number;
  inode: number;
  isTorn: boolean;
}

async function openFile(path: string, more: number): Promise<OpenedFile> {
  const handle = await open(path, flags | more, ownerOnly);
  try {
    const { size, ino, mode } = await handle.stat();
    if ((mode & 0o777) !== ownerOnly) await handle.chmod(ownerOnly);
    return { handle, size, inode: ino, isTorn: size > 0 && !(await endsLine(path, size)) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function endsLine(path: string, size: number): Promise<boolean> {
  const handle = await open(path, constants.O_RDONLY | O_NOFOLLOW);
  try {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] === 0x0a;
  } finally {
    await handle.close();
  }
}

/** The folder of the file without links, if nobody else can put anything into it. */
async function safeFolder(file: string): Promise<string> {
  const walked = await new PathGuard().walk(dirname(file));
  if (walked.path === null) {
    throw new UcbError("ERR_UCB_RECORD", `${file} cannot be recorded to: ${walked.at}: ${walked.errno}`, {
      ...{ path: file, errno: walked.errno },
      hint: "name a file in a folder that exists",
    });
  }
  const [problem] = walked.problems;
  if (problem === undefined) return walked.path;
  const { code, path, message, hint } = problem;
  const whose = code === "ERR_UCB_PATH_OWNER" ? `${path} belongs to somebody else` : message;
  throw new UcbError(
    "ERR_UCB_RECORD",
    `${file} cannot be recorded to: ${whose}, who could lead it elsewhere by a link`,
    {
      ...{ path, hint },
    },
  );
}

async function refuseOthers(file: string, path: string): Promise<void> {
  const found: Stats | null = await lstat(path).catch(nothingThere);
  if (found === null || (found.isFile() && found.uid === process.geteuid?.())) return;
  const what = found.isFile() ? "belongs to somebody else" : "is there already, and no file";
  throw new UcbError("ERR_UCB_RECORD", `${file} cannot be recorded to: it ${what}`, {
    ...{ path: file, hint: "name another file with --record" },
  });
}

function lockOf(file: string, path: string): number {
  try {
    return native.fileLock(path);
  } catch (error) {
    const { errno } = asUcbError(error, "ERR_UCB_RECORD", "");
    if (errno !== "EWOULDBLOCK" && errno !== "EAGAIN") {
      throw new UcbError("ERR_UCB_RECORD", `${file} cannot be recorded to: ${(error as Error).message}`, {
        ...{ cause: error, path, errno },
      });
    }
    throw new UcbError("ERR_UCB_RECORD", `another process records to ${file}`, {
      ...{ path, errno, hint: `"fuser ${path}" names it; stop it, or name another file with --record` },
    });
  }
}

function nothingThere(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
