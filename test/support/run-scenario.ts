import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";

const folder = resolve(import.meta.dirname, "scenarios");
const built = resolve(import.meta.dirname, "../../dist/execute/launcher.js");

/**
 * Runs `scenarios/<name>.mjs` as a process of its own, with the built library: what a process leaves behind, and how it
 * ends, cannot be seen from inside the test runner.
 */
export function runScenario(
  name: string,
  ...args: readonly string[]
): Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }> {
  if (!existsSync(built)) throw new Error(`${built} does not exist: npm run build:lib makes it`);
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      [resolve(folder, `${name}.mjs`), ...args],
      { timeout: 50_000, killSignal: "SIGKILL", env: { PATH: process.env.PATH } },
      (_error, stdout, stderr) => done({ code: child.exitCode, signal: child.signalCode, stdout, stderr }),
    );
  });
}
