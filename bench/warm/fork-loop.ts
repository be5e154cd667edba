import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { resolveInterpreter } from "../../lib/execute/interpreters.js";
import { packageRoot } from "../../lib/package-root.js";
import { capture, endure, type Site, type Subject } from "./site.js";

export const forkLoopName = "fork loop, by hand";

/** What a run of a site is given. */
export interface RunInput {
  environment: Record<string, string>;
  /** A file that holds what it reads from its standard input. */
  document: string;
}

/** Has a run write down what it is given; `over` ends that run, and with it what its token allows. */
export async function inputOf(site: Site): Promise<{ input: RunInput; over: () => Promise<void> }> {
  const [written, released] = [join(site.folder, "environment.json"), join(site.folder, "released")];
  const ended = endure(site, capture, 1, 1);
  while (!existsSync(written)) await pause(10);
  const environment = JSON.parse(await readFile(written, "utf8"));
  return {
    input: { environment, document: join(site.folder, "document.json") },
    async over() {
      await writeFile(released, "");
      await ended;
    },
  };
}

/**
 * Runs a second that an interpreter with the same modules loaded manages which forks for each run and does nothing else: no
 * engine, no logs, no records.
 */
export async function forkLoopRate(
  site: Site,
  input: RunInput,
  subject: Subject,
  count: number,
  width: number,
): Promise<number> {
  return count / (Number(await run(site, input, subject, count, width)) / 1e9);
}

/** Milliseconds from asking a fork that waits for its run to the script's first line, one at a time. */
export async function forkLoopLatencies(
  site: Site,
  input: RunInput,
  subject: Subject,
  count: number,
): Promise<number[]> {
  const lines = await run(site, input, subject, count, 0);
  return lines.split("\n").map((line) => {
    const [asked = "", stamp = ""] = line.split(" ");
    return Number(BigInt(stamp) - BigInt(asked)) / 1e6;
  });
}

async function run(
  { folder }: Site,
  { environment, document }: RunInput,
  { file }: Subject,
  count: number,
  width: number,
): Promise<string> {
  const language = file.endsWith(".py") ? "python" : "perl";
  const [modules, program] = [join(packageRoot, "runtime", language), join(packageRoot, "bench", "warm", "fork-loop")];
  const interpreter = await resolveInterpreter(language, null);
  const before =
    language === "python" ? ["-u", "-B", `${program}.py`, modules] : [`-I${modules}`, "-Mqb", `${program}.pl`];
  const { stdout } = await promisify(execFile)(
    interpreter,
    [...before, join(folder, file), document, join(folder, "log", "fork-loop"), String(count), String(width)],
    { cwd: folder, env: environment, maxBuffer: 2 ** 26 },
  );
  return stdout.trim();
}
