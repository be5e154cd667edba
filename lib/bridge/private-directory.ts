import { rmdirSync, unlinkSync } from "node:fs";
import { chmod, lstat, mkdir, mkdtemp, readdir, rmdir, stat, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asUcbError, UcbError } from "../errors.js";
import { knock, longestSocketPath } from "../unix-socket.js";

const prefix = "ucb-bridge-";
const socketName = "socket";
/** A folder without a socket is left alone this long: its owner may be about to listen. */
const youngMs = 60_000;

/** A folder of mode 0700 that nobody else can look into, for one socket. */
export interface PrivateDirectory {
  socket: string;
  /** Removes socket and folder; nothing happens if they are gone. */
  remove(): Promise<void>;
}

/**
 * Makes a private folder under `base`, or under `$XDG_RUNTIME_DIR` or else the system's folder for temporary files, and
 * clears away what bridges that died left there.
 * @throws UcbError `ERR_UCB_BRIDGE` if there is no safe place for it or its path is too long for a socket
 */
export async function makePrivateDirectory(base?: string): Promise<PrivateDirectory> {
  const parent = base ?? (await safeParent());
  if (Buffer.byteLength(join(parent, `${prefix}XXXXXX`, socketName)) > longestSocketPath) {
    throw new UcbError("ERR_UCB_BRIDGE", `${parent} is too long a path for a socket inside it`, {
      path: parent,
      hint: "let XDG_RUNTIME_DIR or TMPDIR name a folder with a path of under 80 bytes",
    });
  }
  await removeAbandoned(parent);
  try {
    const directory = await mkdtemp(join(parent, prefix));
    removeAtExit(directory);
    return { socket: join(directory, socketName), remove: () => remove(directory) };
  } catch (error) {
    throw asUcbError(error, "ERR_UCB_BRIDGE", `no private folder could be made under ${parent}`);
  }
}

/**
 * Makes `directory` a private folder with a place for one socket, and takes away what a bridge that died left there. Nobody
 * else may be able to write where it lies.
 * @throws UcbError `ERR_UCB_BRIDGE` if it cannot be had or its path is too long for a socket
 */
export async function takePrivateDirectory(directory: string): Promise<PrivateDirectory> {
  const socket = join(directory, socketName);
  const bytes = Buffer.byteLength(socket);
  if (bytes > longestSocketPath) {
    throw new UcbError("ERR_UCB_BRIDGE", `${socket} is too long a path for a socket: ${bytes} bytes`, {
      path: socket,
      hint: `a socket's path has at most ${longestSocketPath} bytes; use a folder with a shorter one`,
    });
  }
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
    await unlink(socket).catch(ignoreMissing);
  } catch (error) {
    throw asUcbError(error, "ERR_UCB_BRIDGE", `the callbacks' socket cannot be in ${directory}`);
  }
  removeAtExit(directory);
  return { socket, remove: () => remove(directory) };
}

/** Whoever can rename a folder can put another in its place, so its parent must be ours, or sticky and the system's. */
async function safeParent(): Promise<string> {
  const runtime = process.env.XDG_RUNTIME_DIR;
  if (runtime !== undefined && (await isSafe(runtime, false))) return runtime;
  const temporary = tmpdir();
  if (await isSafe(temporary, true)) return temporary;
  if ((await stat(temporary).catch(() => null)) === null) {
    throw new UcbError("ERR_UCB_BRIDGE", `there is no folder ${temporary} for a socket`, {
      path: temporary,
      hint: "let TMPDIR name a folder that exists, or unset it for /tmp",
    });
  }
  throw new UcbError("ERR_UCB_BRIDGE", `${temporary} is no safe place for a socket: others can replace what is in it`, {
    path: temporary,
    hint: "let XDG_RUNTIME_DIR name a folder of mode 0700 of the daemon's user, or TMPDIR one that is sticky like /tmp",
  });
}

async function isSafe(directory: string, shared: boolean): Promise<boolean> {
  const facts = await stat(directory).catch(() => null);
  if (facts === null || !facts.isDirectory()) return false;
  const ours = facts.uid === process.geteuid?.();
  const writableByOthers = (facts.mode & 0o022) !== 0;
  const sticky = (facts.mode & 0o1000) !== 0;
  return (ours || (shared && facts.uid === 0)) && (!writableByOthers || (shared && sticky));
}

/** The folders of this thread's bridges: one listener for all, since a process may have many. */
const present = new Set<string>();

function removeAtExit(directory: string): void {
  if (present.size === 0) process.on("exit", removePresent);
  present.add(directory);
}

function removePresent(): void {
  for (const directory of present) {
    try {
      unlinkSync(join(directory, socketName));
    } catch {
      // Node may have removed it; if not, the next bridge will.
    }
    try {
      rmdirSync(directory);
    } catch {
      // As above.
    }
  }
}

async function remove(directory: string): Promise<void> {
  if (present.delete(directory) && present.size === 0) process.off("exit", removePresent);
  await unlink(join(directory, socketName)).catch(ignoreMissing);
  await rmdir(directory).catch(ignoreMissing);
}

/** A socket that refuses connections has lost its process. Whatever cannot be told for sure is left alone. */
async function removeAbandoned(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  const candidates = names.filter((name) => name.startsWith(prefix)).slice(0, 64);
  await Promise.all(
    candidates.map(async (name) => {
      const directory = join(parent, name);
      if (await isAbandoned(directory).catch(() => false)) await remove(directory).catch(() => undefined);
    }),
  );
}

async function isAbandoned(directory: string): Promise<boolean> {
  const facts = await lstat(directory);
  if (!facts.isDirectory() || facts.uid !== process.geteuid?.()) return false;
  const answer = await knock(join(directory, socketName));
  return answer === "ECONNREFUSED" || (answer === "ENOENT" && Date.now() - facts.mtimeMs > youngMs);
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
