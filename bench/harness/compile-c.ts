import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageRoot } from "../../lib/package-root.js";

/** Compiles a C program of `bench/` with the system's compiler and returns its path. */
export async function compileC(source: string, program: string): Promise<string> {
  const folder = join(packageRoot, "build-bench");
  await mkdir(folder, { recursive: true });
  const path = join(folder, program);
  const from = join(packageRoot, "bench", source);
  await promisify(execFile)("cc", ["-O2", "-std=c11", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", path, from]);
  return path;
}
