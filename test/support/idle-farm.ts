import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { Farm } from "../../examples/farm/farm.js";
import type { FarmJob } from "../../examples/farm/job.js";
import { parseJob } from "../../examples/farm/job-list.js";
import { FarmSupervisor } from "../../examples/farm/supervisor.js";
import type { ActionTarget, Verb } from "../../lib/bridge/supervisor.js";
import type { Run } from "../../lib/execute/run.js";
import { formatEvent } from "../../lib/trigger/event.js";

/** A farm of the examples without an engine, whose events are kept as text. */
export class IdleFarm {
  readonly farm: Farm;
  readonly supervisor: FarmSupervisor;
  readonly events: string[] = [];
  readonly #output: string;

  private constructor(output: string, hosts: Record<string, number>) {
    this.#output = output;
    this.farm = new Farm({ hosts, output, graceMs: 300 });
    this.supervisor = new FarmSupervisor(this.farm);
    this.farm.on("event", ({ name = "", type, jobId = 0, extra = "" }) => {
      this.events.push(formatEvent({ name, type, jobId, extra: String(extra) }));
    });
  }

  /** Ends with the test. */
  static async open(hosts: Record<string, number> = { alpha: 1, beta: 1 }): Promise<IdleFarm> {
    const fixture = new IdleFarm(await mkdtemp(join(tmpdir(), "ucb-farm-")), hosts);
    onTestFinished(() => fixture.#close());
    return fixture;
  }

  get project(): string {
    return join(this.#output, "project");
  }

  submit(job: Record<string, unknown>): FarmJob {
    return this.farm.submit(parseJob({ name: "test", ...job }, Number));
  }

  /** As a callback would ask. */
  ask(verb: Verb, target: ActionTarget, ...ids: string[]): string[] {
    return this.supervisor.perform({ verb, target, ids, by: {} as Run });
  }

  /** Takes a job and waits until `running` of its work items run. */
  async started(job: Record<string, unknown>, running = 1): Promise<FarmJob> {
    const submitted = this.submit(job);
    await until(() => submitted.agenda.filter(({ status }) => status === "running").length === running);
    return submitted;
  }

  async #close(): Promise<void> {
    this.farm.stop();
    await this.farm.dispatcher.quiet();
    await rm(this.#output, { recursive: true, force: true });
  }
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitFor(
    async () => {
      if (!(await condition())) throw new Error(`still not so: ${condition}`);
    },
    { timeout: 30_000, interval: 5 },
  );
}

/** Whether a process exists and runs: not one that waits for its parent to notice its end. */
export function isAlive(pid: number): boolean {
  const state = processState(pid);
  return state !== null && state !== "Z";
}

/** The letter in /proc: R, S, T ...; null if there is no such process. */
export function processState(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
  } catch {
    return null;
  }
}
