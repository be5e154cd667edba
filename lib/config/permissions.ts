import type { Stats } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Accounts } from "./accounts.js";
import { shellWord } from "./shell-word.js";

/** A component of a path through which somebody else could put code of theirs into ours. */
export interface PathProblem {
  code: "ERR_UCB_PATH_OWNER" | "ERR_UCB_PATH_WRITABLE";
  /** The offending component. */
  path: string;
  message: string;
  /** What mends it: a command where it harms nothing else. */
  hint: string;
}

/** Where a path leads, and what is wrong on the way there. */
export type WalkedPath = {
  problems: readonly PathProblem[];
} & (
  | {
      /** With all links resolved. */
      path: string;
      stats: Stats;
    }
  | {
      path: null;
      /** `ENOENT`, `ENOTDIR`, `ELOOP`, `EACCES` or whatever else stopped the system. */
      errno: string;
      /** The component that could not be followed. */
      at: string;
    }
);

/** As many as Linux follows. */
const mostLinks = 40;
const groupWrite = 0o020;
const othersWrite = 0o002;
const sticky = 0o1000;

/**
 * Knows whom a path depends on. Each of its components must belong to root or to the user this process runs as,
 * and nobody else may write to it. Two exceptions: a directory above may be open to others if it is
 * sticky (nobody can replace another's entries in it), and a group may write if the system's account files show
 * no members of it but those two users. Access control lists count as far as the file's mode shows them.
 */
export class PathGuard {
  readonly #trusted: ReadonlySet<number>;
  readonly #accounts: Accounts;

  constructor(accounts: Accounts = new Accounts()) {
    this.#trusted = new Set([0, process.geteuid?.() ?? 0]);
    this.#accounts = accounts;
  }

  /**
   * Follows a path component by component, as the system would, and checks each one.
   * @param path absolute, or relative to `from`
   * @param from absolute, without links and checked before: it is not looked at again
   */
  async walk(path: string, from = "/"): Promise<WalkedPath> {
    const problems: PathProblem[] = [];
    const pending = components(path);
    let current = path.startsWith("/") ? "/" : from;
    let links = 0;
    try {
      let stats = await lstat(current);
      if (current === "/") problems.push(...(await this.#check(current, stats)));
      for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
        const next = name === ".." ? dirname(current) : join(current, name);
        if (!stats.isDirectory()) return { path: null, errno: "ENOTDIR", at: current, problems };
        const found = await lstat(next);
        if (found.isSymbolicLink()) {
          links += 1;
          if (links > mostLinks) return { path: null, errno: "ELOOP", at: next, problems };
          if (isShared(stats)) problems.push(...(await this.#checkOwner(next, found)));
          const target = await readlink(next);
          pending.unshift(...components(target));
          if (!target.startsWith("/")) continue;
          current = "/";
          stats = await lstat(current);
        } else {
          current = next;
          stats = found;
        }
        problems.push(...(await this.#check(current, stats)));
      }
      if (isShared(stats)) problems.push(...(await this.#checkWriters(current, stats)));
      return { path: current, stats, problems: distinct(problems) };
    } catch (cause) {
      const { code, path: at = current } = cause as NodeJS.ErrnoException;
      if (code === undefined) throw cause;
      return { path: null, errno: code, at, problems: distinct(problems) };
    }
  }

  async #check(path: string, stats: Stats): Promise<PathProblem[]> {
    const writers = isShared(stats) ? [] : await this.#checkWriters(path, stats);
    return [...(await this.#checkOwner(path, stats)), ...writers];
  }

  async #checkOwner(path: string, stats: Stats): Promise<PathProblem[]> {
    if (this.#trusted.has(stats.uid)) return [];
    const owner = await this.#accounts.userName(stats.uid);
    const message = `${path} belongs to ${owner}, who could change what is run`;
    return [{ code: "ERR_UCB_PATH_OWNER", path, message, hint: ownerHint(path, stats, owner) }];
  }

  async #checkWriters(path: string, stats: Stats): Promise<PathProblem[]> {
    const others = (stats.mode & othersWrite) !== 0;
    const group = (stats.mode & groupWrite) !== 0 && !(await this.#accounts.hasOnlyMembers(stats.gid, this.#trusted));
    if (!others && !group) return [];
    const who = others ? "everybody" : `the group ${await this.#accounts.groupName(stats.gid)}`;
    const change = others && group ? "go-w" : others ? "o-w" : "g-w";
    const message = `${path} can be written to by ${who}`;
    return [{ code: "ERR_UCB_PATH_WRITABLE", path, message, hint: writersHint(path, stats, change) }];
  }
}

/** A directory may be somebody's home or hold what is theirs: its owner is never to be changed for our sake. */
function ownerHint(path: string, stats: Stats, owner: string): string {
  const command = stats.isSymbolicLink() ? "chown -h" : "chown";
  if (stats.isDirectory()) return `move what is run below a directory of root, or run this as ${owner}`;
  return process.geteuid?.() === 0
    ? `${command} root ${shellWord(path)}`
    : `let root run ${command} root ${shellWord(path)}, or run this as ${owner}`;
}

/** A sticky directory is meant to be shared, and only its owner or root can change a mode. */
function writersHint(path: string, stats: Stats, change: string): string {
  if (isShared(stats)) return "it is shared on purpose: name a directory below it that only you or root may write to";
  const command = `chmod ${change} ${shellWord(path)}`;
  const user = process.geteuid?.();
  return user === 0 || user === stats.uid ? command : `let its owner run ${command}`;
}

/** A directory in which everybody may create entries, but replace only their own. */
function isShared(stats: Stats): boolean {
  return stats.isDirectory() && (stats.mode & sticky) !== 0 && (stats.mode & (groupWrite | othersWrite)) !== 0;
}

function components(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

/** Links can lead over the same component more than once. */
function distinct(problems: readonly PathProblem[]): PathProblem[] {
  return [...new Map(problems.map((problem) => [`${problem.code} ${problem.path}`, problem])).values()];
}
