import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import type { ProcessStarted } from "../../lib/execute/launcher.js";

const scenario = resolve(import.meta.dirname, "scenarios/supervise.mjs");
const built = resolve(import.meta.dirname, "../../dist/execute/launcher.js");

export interface Orphan extends ProcessStarted {
  /** What its environment says; its attempt is its place among the scripts, from 1. */
  runId: string;
}

/**
 * Processes of shell scripts that a supervisor has launched which was then killed. None outlives the test.
 */
export async function orphanProcesses(...scripts: readonly string[]): Promise<Orphan[]> {
  if (!existsSync(built)) throw new Error(`${built} does not exist: npm run build:lib makes it`);
  const supervisor = spawn(process.execPath, [scenario, ...scripts], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => {
    supervisor.kill("SIGKILL");
  });
  const [line] = (await once(createInterface(supervisor.stdout), "line")) as [string];
  const { started, runIds } = JSON.parse(line) as { started: ProcessStarted[]; runIds: string[] };
  onTestFinished(() => {
    for (const { pid } of started) killGroup(pid);
  });
  supervisor.kill("SIGKILL");
  await once(supervisor, "exit");
  return started.map((process, index) => ({ ...process, runId: runIds[index] ?? "" }));
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended, as it should.
  }
}
