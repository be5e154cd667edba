import { accessSync, constants } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the system keeps files in memory, if it does. */
const memoryFiles = "/dev/shm";

/**
 * Lends a new folder for the time of a call, in memory where that can be had: thousands of files come and go in it, and
 * ext4, which does not give out again at once what was deleted, then takes up to 0.8 ms to find a place for one more. That
 * would be most of what is measured.
 */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(base(), "ucb-bench-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function base(): string {
  try {
    accessSync(memoryFiles, constants.W_OK | constants.X_OK);
    return memoryFiles;
  } catch {
    return tmpdir();
  }
}
