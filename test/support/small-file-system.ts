import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A file system of a test's own, in memory. */
export interface SmallFileSystem {
  path: string;
  /** Leaves no byte free, or no file that could be made, until `empty` is called. */
  fill(what: "bytes" | "files"): void;
  empty(): void;
  /** Refuses writing to everybody, or no longer does. */
  setReadOnly(readOnly: boolean): Promise<void>;
}

/** Mounts, does what it is told, and unmounts when nobody can tell it anything any more: also if the test is killed. */
const keeper = `
mount -t tmpfs -o "mode=1777,$2" ucb-test "$1" || exit 1
echo mounted
while read -r options; do mount -o "remount,$options" "$1"; echo remounted; done
umount -l "$1"
`;

/**
 * Mounts a file system with these options of tmpfs on the folder `path`, which is made; it is unmounted when the test
 * ends. Null, and why, where this process may not mount.
 */
export async function mountSmallFileSystem(
  path: string,
  options: string,
): Promise<SmallFileSystem | { path: null; reason: string }> {
  mkdirSync(path, { recursive: true });
  // In a session of its own: an interrupted test run must not interrupt it.
  const child = spawn("/bin/sh", ["-c", keeper, "sh", path, options], { detached: true });
  let said = "";
  let stderr = "";
  const ended = new Promise<void>((resolve) => {
    child.on("close", () => resolve());
    child.on("error", (error) => {
      stderr += error.message;
      resolve();
    });
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const answer = () =>
    Promise.race([
      ended,
      new Promise<void>((resolve) => {
        child.stdout.once("data", (bytes: Buffer) => {
          said = bytes.toString().trim();
          resolve();
        });
      }),
    ]);
  await answer();
  if (said !== "mounted") return { path: null, reason: `a file system cannot be mounted here: ${stderr.trim()}` };
  onTestFinished(async () => {
    child.stdin.end();
    await ended;
  });
  const filler = join(path, ".filler");
  return {
    path,
    fill: (what) => (what === "bytes" ? takeBytes(filler) : takeFiles(filler)),
    empty: () => {
      for (const name of readdirSync(path)) if (name.startsWith(".filler")) rmSync(join(path, name));
    },
    setReadOnly: async (readOnly) => {
      const answered = answer();
      child.stdin.write(readOnly ? "ro\n" : "rw\n");
      await answered;
      if (stderr !== "") throw new Error(stderr);
    },
  };
}

function takeBytes(path: string): void {
  const file = openSync(path, "a");
  for (let bytes = 65_536; bytes >= 1; ) {
    if (!fits(() => writeSync(file, Buffer.alloc(bytes)))) bytes = Math.floor(bytes / 2);
  }
  closeSync(file);
}

function takeFiles(path: string): void {
  for (let index = 0; fits(() => writeFileSync(`${path}-${index}`, "")); ) index++;
}

function fits(store: () => unknown): boolean {
  try {
    store();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    return false;
  }
}
