import { randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { Bridge } from "../../lib/bridge/bridge.js";
import { defaultOptions } from "../../lib/config/callback-options.js";
import type { Callback, CallbackOptions } from "../../lib/config/configuration.js";
import type { Outcome } from "../../lib/execute/execution.js";
import { resolveInterpreter, type ScriptLanguage } from "../../lib/execute/interpreters.js";
import { Launcher } from "../../lib/execute/launcher.js";
import type { Run } from "../../lib/execute/run.js";
import { runScript, type ScriptRoom } from "../../lib/execute/script.js";
import { WarmInterpreters, type WarmOptions } from "../../lib/execute/warm.js";
import { runningRun } from "./running-run.js";

export interface WarmRun {
  outcome: Outcome;
  /** What the run has written, without the header and the trailer of its log. */
  output: string;
  warm: boolean | string | undefined;
  pid: number | null;
}

/** Runs scripts as an engine does, warm or cold; all ends with the test. */
export class WarmRoom {
  readonly folder: string;
  readonly launcher: Launcher;
  readonly warm: WarmInterpreters;
  readonly problems: string[] = [];
  /** What scripts asked for. */
  readonly actions: string[] = [];
  readonly #script: ScriptRoom;
  /** Who looks for a run in the whole system must not find that of another test file, which runs at the same time. */
  readonly #prefix = `run-${randomInt(1e9, 1e10)}000`;
  #runs = 0;

  private constructor(folder: string, script: ScriptRoom) {
    this.folder = folder;
    this.#script = script;
    this.launcher = script.launcher;
    this.warm = script.warm;
    this.warm.onProblem = (error) => this.problems.push(error.message);
  }

  static async open(options: WarmOptions = {}): Promise<WarmRoom> {
    const folder = mkdtempSync(join(tmpdir(), "ucb-warm-"));
    const site = join(folder, "site");
    mkdirSync(site);
    const bridge = await Bridge.open({});
    const launcher = new Launcher();
    const warm = new WarmInterpreters(launcher, options);
    const [python, perl] = await Promise.all([resolveInterpreter("python", null), resolveInterpreter("perl", null)]);
    const room = new WarmRoom(site, {
      ...{ launcher, bridge, warm, interpreters: { python, perl } },
      ...{ logPath: join(folder, "log"), killAfterMs: 5000, environment: process.env, durable: true },
    });
    bridge.serve({
      jobInfo: () => [{ id: 1001, name: "asked for" }],
      perform: (verb, _target, ids) => {
        room.actions.push(`${verb} ${ids.join(" ")}`);
        return ids;
      },
    });
    onTestFinished(async () => {
      warm.close();
      await launcher.close({ running: "terminate" });
      await bridge.close();
      rmSync(folder, { recursive: true, force: true });
    });
    return room;
  }

  /** The id of the run that was started last. */
  get lastRunId(): string {
    return `${this.#prefix}${this.#runs}`;
  }

  callback(file: string, options: Partial<CallbackOptions> = {}): Callback {
    return {
      id: `0/${file}`,
      file,
      path: join(this.folder, file),
      directory: this.folder,
      configFile: join(this.folder, "callbacks.conf"),
      language: languageOf(file),
      triggers: [],
      options: { ...defaultOptions, timeoutMs: 60_000, warm: "yes", ...options },
      codes: [],
    };
  }

  write(file: string, text: string | Buffer): void {
    writeFileSync(join(this.folder, file), text);
  }

  async run(callback: Callback, begun: (pid: number | null) => void = () => {}): Promise<WarmRun> {
    this.#runs += 1;
    const run = runOf(this.lastRunId, this.#runs, callback);
    let warm: boolean | string | undefined;
    let pid: number | null = null;
    const outcome = await runScript(
      callback,
      {
        run,
        job: { id: run.jobId, name: "own", status: "running" },
        started: (details) => {
          warm = details.warm;
          pid = details.pid;
          begun(pid);
        },
        slow: () => {},
      },
      this.#script,
    );
    return { outcome, output: withoutFrame(outcome.log), warm, pid };
  }
}

function languageOf(file: string): ScriptLanguage {
  return file.endsWith(".py") ? "python" : "perl";
}

/** Each of a job of its own, so that each has a log of its own. */
function runOf(id: string, number: number, callback: Callback): Run {
  return runningRun(id, callback, `complete-work-${1_000_000 + number}-17`);
}

function withoutFrame(log: string | null): string {
  if (log === null) return "";
  return readFileSync(log, "utf8").split("\n").slice(1, -2).join("\n");
}
