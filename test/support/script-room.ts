import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { Bridge, type BridgeOptions } from "../../lib/bridge/bridge.js";
import { matchJobs } from "../../lib/bridge/job-query.js";
import type { BridgeHandler } from "../../lib/bridge/request.js";
import type { Action, Job, JobQuery } from "../../lib/bridge/supervisor.js";
import { defaultOptions } from "../../lib/config/callback-options.js";
import type { Callback, Language } from "../../lib/config/configuration.js";
import type { Run } from "../../lib/execute/run.js";
import { scriptCommand } from "../../lib/execute/script-command.js";
import { parseEvent } from "../../lib/trigger/event.js";
import { runningRun } from "./running-run.js";
import { scriptEnvironment } from "./script-environment.js";

export interface ScriptEnd {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** What one script is run with; what is left out is usual. */
export interface ScriptOptions {
  event?: string;
  /** The owner, if it is not the event's own job. */
  jobId?: number;
  /** What the run's document says of the owner. */
  job?: Job;
  interpreter?: string;
  env?: Record<string, string>;
  environment?: Record<string, string>;
  /** Instead of the run's own. */
  access?: { socket: string; token: string };
  /** A file's content instead of the document on stdin; null for a pipe that is closed at once. */
  stdin?: string | null;
  file?: string;
  /** Run by the interpreter alone, as nobody's callback. */
  plain?: boolean;
}

/** A bridge, a supervisor that keeps what it was asked, and a folder for scripts; all end with the test. */
export class ScriptRoom {
  readonly folder: string;
  readonly bridge: Bridge;
  readonly jobs: Job[] = [];
  readonly queries: JobQuery[] = [];
  readonly actions: (Omit<Action, "by"> & { by: string })[] = [];
  /** Replaces what the supervisor does. */
  readonly handler: BridgeHandler = {
    jobInfo: (query) => {
      this.queries.push(query);
      return matchJobs(this.jobs, query);
    },
    perform: (verb, target, ids, by) => {
      this.actions.push({ verb, target, ids, by: by.id });
      return ids;
    },
  };
  #runs = 0;

  private constructor(folder: string, bridge: Bridge) {
    this.folder = folder;
    this.bridge = bridge;
    bridge.serve(this.handler);
  }

  static async open(options: BridgeOptions = {}): Promise<ScriptRoom> {
    const folder = mkdtempSync(join(tmpdir(), "ucb-scripts-"));
    const bridge = await Bridge.open(options);
    onTestFinished(async () => {
      await bridge.close();
      rmSync(folder, { recursive: true, force: true });
    });
    return new ScriptRoom(folder, bridge);
  }

  makeRun(event = "complete-job-1001", jobId = parseEvent(event).jobId): Run {
    return runningRun(`run-${++this.#runs}`, { id: "0/script", file: "script" }, event, jobId);
  }

  python(text: string, options: ScriptOptions = {}): Promise<ScriptEnd> {
    return this.#script("python", text, options);
  }

  perl(text: string, options: ScriptOptions = {}): Promise<ScriptEnd> {
    return this.#script("perl", text, options);
  }

  async #script(language: Exclude<Language, "qube">, text: string, options: ScriptOptions): Promise<ScriptEnd> {
    const path = join(this.folder, options.file ?? (language === "python" ? "script.py" : "script.pl"));
    writeFileSync(path, text);
    const interpreter = options.interpreter ?? (language === "python" ? "python3" : "perl");
    const callback = callbackOf(language, path, this.folder, options);
    const run = this.makeRun(options.event, options.jobId);
    const access = this.bridge.grant(run);
    const known = { python: interpreter, perl: interpreter };
    const command = options.plain
      ? { file: interpreter, argv: [interpreter, ...(language === "python" ? ["-u", "-B"] : []), path] }
      : await scriptCommand(callback, known);
    const env = scriptEnvironment(callback, run, options.access ?? access, options.environment);
    try {
      return await this.#spawn(command, env, this.#stdin(run, options));
    } finally {
      this.bridge.revoke(run);
    }
  }

  #stdin(run: Run, options: ScriptOptions): number | null {
    if (options.stdin === null) return null;
    const document = {
      event: { ...run.eventFields, text: run.event },
      job: options.job ?? { id: run.jobId, name: "own", status: "running" },
      callback: { id: run.callbackId, file: run.callback, directory: this.folder },
      run: { id: run.id, attempt: run.attempt },
    };
    const path = join(this.folder, `stdin-${run.id}`);
    writeFileSync(path, options.stdin ?? `${JSON.stringify(document)}\n`);
    return openSync(path, "r");
  }

  #spawn(
    command: { file: string; argv: string[] },
    env: Record<string, string>,
    stdin: number | null,
  ): Promise<ScriptEnd> {
    return new Promise((resolve, reject) => {
      const child = spawn(command.file, command.argv.slice(1), {
        cwd: this.folder,
        env,
        stdio: [stdin ?? "pipe", "pipe", "pipe"],
      });
      if (stdin !== null) closeSync(stdin);
      child.stdin?.end();
      let stdout = "";
      let stderr = "";
      child.stdout?.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
      });
      child.stderr?.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
      });
      child.on("error", reject);
      child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
  }
}

function callbackOf(language: Language, path: string, directory: string, options: ScriptOptions): Callback {
  return {
    id: "0/script",
    file: "script",
    path,
    directory,
    configFile: join(directory, "callbacks.conf"),
    language,
    triggers: [],
    options: { ...defaultOptions, timeoutMs: 60_000, env: options.env ?? {} },
    codes: [],
  };
}

/** The Pythons of this machine that differ: the one in PATH, the system's, and the oldest and newest that are installed. */
export function pythons(): string[] {
  const versions = join(homedir(), ".pyenv", "versions");
  const found = readdirSafely(versions)
    .filter((version) => /^3\.\d+\.\d+$/.test(version))
    .sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
  const ends = [...new Set([found[0], found.at(-1)])].flatMap((version) =>
    version === undefined ? [] : [join(versions, version, "bin", "python3")],
  );
  const system = readdirSafely("/usr/bin").includes("python3") ? ["/usr/bin/python3"] : [];
  const all = [...system, ...ends];
  return all.length === 0 ? ["python3"] : all;
}

function readdirSafely(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
