import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { onTestFinished } from "vitest";

export interface FarmRun {
  status: number | null;
  stdout: string;
  stderr: string;
  output: string;
  /** How each job ended, by name, as the summary says. */
  jobs: Record<string, string>;
  /** The output of all callbacks of a job. */
  callbackLog(jobId: number): string;
}

export const root = resolve(import.meta.dirname, "../..");

/** A folder of the test's own, removed when it ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ucb-example-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a TypeScript file of the examples as a program of its own. */
export function runExample(
  file: string,
  args: readonly string[],
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ["--import", "tsx", join(root, "examples", file), ...args],
      { cwd: root, env: { ...process.env, CI: "1", NO_COLOR: undefined }, timeout: 50_000 },
      (_error, stdout, stderr) => resolve({ status: child.exitCode, stdout, stderr }),
    );
  });
}

/** `npm start` with an output folder of the test's own. */
export async function runFarm(...args: string[]): Promise<FarmRun> {
  const output = join(temporaryFolder(), "output");
  mkdirSync(output);
  const run = await runExample("farm/main.ts", [...args, "--output", output]);
  const summary = run.stdout.slice(run.stdout.indexOf("\nJobs\n"), run.stdout.indexOf("\nCallbacks\n"));
  const lines = summary.matchAll(/^ {2}\d+ {2}(.+?) {2,}([a-z]+) /gm);
  return {
    ...run,
    output,
    jobs: Object.fromEntries([...lines].map(([, name = "", status = ""]) => [name, status])),
    callbackLog: (jobId) =>
      readFileSync(join(output, "log/job", `${jobId - (jobId % 1000)}/${jobId}/${jobId}.cb`), "utf8"),
  };
}

/** Processes that work in a folder or have it on their command line. */
export function processesOf(folder: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return command.includes(folder) || readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
    } catch {
      return false;
    }
  });
}
