import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A directory of one test's own below the sticky temporary directory, removed when the test ends. */
export interface TestDirectory {
  path: string;
  /** Absolute path of an entry. */
  at(...names: string[]): string;
  /** Writes a file that only its owner may write to, and returns its path. */
  write(name: string, content: string | Uint8Array, mode?: number): string;
}

export function testDirectory(files: Record<string, string | Uint8Array> = {}): TestDirectory {
  const path = mkdtempSync(join(tmpdir(), "ucb-config-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const directory: TestDirectory = {
    path,
    at: (...names) => join(path, ...names),
    write: (name, content, mode = 0o644) => {
      writeFileSync(join(path, name), content);
      // The process's umask must not decide what a test is about.
      chmodSync(join(path, name), mode);
      return join(path, name);
    },
  };
  for (const [name, content] of Object.entries(files)) directory.write(name, content);
  return directory;
}

/** A callback directory with this `callbacks.conf` and these files beside it. */
export function callbackDirectory(
  callbacksConf: string | Uint8Array,
  files: Record<string, string | Uint8Array> = {},
): TestDirectory {
  return testDirectory({ "callbacks.conf": callbacksConf, ...files });
}
