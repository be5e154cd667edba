import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished, vi } from "vitest";
import type { EngineEvent, EngineOptions, Run } from "../../lib/index.js";

/** One line of what a supervisor says. */
export interface SupervisorLine {
  run?: Run;
  slow?: Run;
  called?: { name: string; runId: string };
  hangs?: string;
  action?: { verb: string; target: string; ids: string[] };
  problem?: { code: string; message: string };
  durability?: string | null;
  refused?: { code: string; message: string; path?: string };
  opened?: number;
  load?: { queued: number; running: number; delayed: number };
  counters?: Record<string, Record<string, number>>;
  done?: object;
  failed?: { code: string; message: string };
}

type Command =
  | { emit: string | EngineEvent | (string | EngineEvent)[] }
  | { submit: { id: number; [field: string]: unknown } }
  | { register: { name: string; on: string } }
  | { flush: true }
  | { load: true }
  | { counters: true }
  | { close: "wait" | "leave" | "terminate" };

export interface SupervisorOptions extends EngineOptions {
  functions?: { name: string; on: string; hangs?: boolean }[];
}

const patience = { timeout: 30_000, interval: 5 };

/** A supervisor as a process of its own, which may be killed at any moment; the built library is what it runs. */
export class DurableSupervisor {
  readonly lines: SupervisorLine[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #answers = 0;

  private constructor(options: SupervisorOptions) {
    const program = resolve(import.meta.dirname, "scenarios/durable-supervisor.mjs");
    this.#child = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ["pipe", "pipe", "inherit"] });
    this.#ended = once(this.#child, "exit");
    onTestFinished(() => this.kill());
    const { stdout } = this.#child;
    if (stdout !== null) createInterface({ input: stdout }).on("line", (line) => this.lines.push(JSON.parse(line)));
  }

  static async start(options: SupervisorOptions): Promise<DurableSupervisor> {
    const supervisor = new DurableSupervisor(options);
    await supervisor.until(({ opened, refused }) => opened !== undefined || refused !== undefined);
    return supervisor;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves to the line that answers, `done` or `failed`. */
  async tell(command: Command): Promise<SupervisorLine> {
    const index = this.#answers++;
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
    const answers = () => this.lines.filter(({ done, failed }) => done !== undefined || failed !== undefined);
    await vi.waitUntil(() => answers().length > index || this.#child.exitCode !== null, patience);
    return answers()[index] ?? {};
  }

  /** Resolves to the first line that is so. */
  async until(isWanted: (line: SupervisorLine) => boolean): Promise<SupervisorLine> {
    return await vi.waitUntil(() => this.lines.find(isWanted), patience);
  }

  /** Resolves when a run of this callback is in this state, to its record then. */
  async run(callback: string, state: Run["state"]): Promise<Run> {
    const { run } = await this.until((line) => line.run?.callback === callback && line.run.state === state);
    return run as Run;
  }

  /** All it said of runs, as `callback state attempt`. */
  get told(): string[] {
    return this.lines.flatMap(({ run }) => (run === undefined ? [] : [`${run.callback} ${run.state} ${run.attempt}`]));
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  async exit(): Promise<number | null> {
    await this.#ended;
    return this.#child.exitCode;
  }
}
