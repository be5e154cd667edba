import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageRoot } from "../../lib/package-root.js";
import { isShort } from "./options.js";

/** Runs a bundled program in a Node process of its own, and returns the JSON it prints. */
export async function runChild<T>(program: string, args: readonly string[], flags: readonly string[]): Promise<T> {
  const file = join(packageRoot, "build-bench", `${program}.mjs`);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--expose-gc", "--enable-source-maps", ...flags, file, ...args, ...(isShort ? ["--short"] : [])],
    { maxBuffer: 2 ** 26 },
  );
  return JSON.parse(stdout) as T;
}
