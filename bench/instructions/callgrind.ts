import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageRoot } from "../../lib/package-root.js";

const run = promisify(execFile);

/** The version of the installed valgrind, or null if there is none. */
export async function findValgrind(): Promise<string | null> {
  try {
    return (await run("valgrind", ["--version"])).stdout.trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Builds the measured program with the package's own CMake files and returns its path. */
export async function buildProgram(): Promise<string> {
  const folder = join(packageRoot, "build-bench", "native");
  const source = join(packageRoot, "bench", "instructions");
  await run("cmake", ["-S", source, "-B", folder, "-DCMAKE_BUILD_TYPE=Release"]);
  await run("cmake", ["--build", folder, "--target", "instructions"], { maxBuffer: 2 ** 26 });
  return join(folder, "instructions");
}

/** Instructions that one of what the program repeats takes, counted in the `measured` function and what it calls. */
export async function countInstructions(
  program: string,
  { measured, args, folder }: { measured: string; args: readonly string[]; folder: string },
): Promise<number> {
  const out = join(folder, `callgrind-${measured}.out`);
  const { stdout } = await run("valgrind", [
    "--tool=callgrind",
    "--collect-atstart=no",
    `--toggle-collect=${measured}`,
    `--callgrind-out-file=${out}`,
    "--trace-children=no",
    program,
    ...args,
  ]);
  const times = Number(stdout);
  const total = Number(/^(?:summary|totals): (\d+)/m.exec(await readFile(out, "utf8"))?.[1]);
  if (!(times > 0) || !(total > 0)) throw new Error(`callgrind counted ${total} instructions in ${times} ${measured}`);
  return total / times;
}
