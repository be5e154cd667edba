import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import type { CloseMode, Diagnostic, EngineOptions, Run, UcbError } from "../../lib/index.js";
import { childrenOf, type Holdings } from "./scenarios/holdings.mjs";

const scenario = resolve(import.meta.dirname, "scenarios/supervisor.mjs");
const built = resolve(import.meta.dirname, "../../dist/index.js");

export interface ChildSupervisorOptions {
  /** Whom it runs as; needs root. */
  uid?: number;
  env?: Record<string, string>;
  /** For node itself. */
  nodeOptions?: readonly string[];
  /** A program and its first arguments, which goes on to run the command that follows. */
  through?: readonly string[];
}

interface Answer {
  id: number;
  result?: unknown;
  error?: UcbError;
}

/** An engine in a process of its own, so that limits of the whole process harm nobody else; it ends with the test. */
export class ChildSupervisor {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #asked = new Map<number, (answer: Answer) => void>();
  #last = 0;
  #stderr = "";

  constructor({ uid, env = {}, nodeOptions = [], through = [] }: ChildSupervisorOptions = {}) {
    if (!existsSync(built)) throw new Error(`${built} does not exist: npm run build:lib makes it`);
    const [file = process.execPath, ...args] = [...through, process.execPath, ...nodeOptions, scenario];
    this.#child = spawn(file, args, {
      ...(uid === undefined ? {} : { uid, gid: uid }),
      env: { PATH: process.env.PATH ?? "", HOME: "/", LANG: "C.UTF-8", ...env },
    });
    onTestFinished(() => this.#kill());
    this.#child.stdin.on("error", () => undefined);
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      const answer = JSON.parse(line) as Answer;
      this.#asked.get(answer.id)?.(answer);
      this.#asked.delete(answer.id);
    });
    this.#child.on("close", (code, signal) => {
      const error = new Error(`the supervisor ended: ${code ?? signal}\n${this.#stderr}`) as UcbError;
      for (const [id, tell] of this.#asked) tell({ id, error });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Besides the site's callbacks, a function named `onlooker` runs for every job that is blocked. */
  open(options: EngineOptions): Promise<Diagnostic[]> {
    return this.#ask("open", { strict: true, ...options }) as Promise<Diagnostic[]>;
  }

  /** Resolves to the runs that the event fired, when all of them have ended. */
  emit(event: string): Promise<Run[]> {
    return this.#ask("emit", event) as Promise<Run[]>;
  }

  /** Lets node take all the memory that it needs for new objects; needs `--expose-gc`. */
  async collectNew(): Promise<void> {
    await this.#ask("collectNew");
  }

  /** What its process holds. */
  holdings(): Promise<Holdings> {
    return this.#ask("holdings") as Promise<Holdings>;
  }

  /** What its process holds beyond `before`, once that is nothing or after half a minute. */
  heldBeyond(before: Holdings): Promise<Holdings> {
    return this.#ask("heldBeyond", before) as Promise<Holdings>;
  }

  async close(options: { running?: CloseMode } = {}): Promise<void> {
    await this.#ask("close", options);
  }

  /** Lets it end by itself and resolves to what it has said on stderr. */
  async end(): Promise<{ code: number | null; signal: string | null; stderr: string }> {
    const ended = new Promise<{ code: number | null; signal: string | null }>((done) =>
      this.#child.on("close", (code, signal) => done({ code, signal })),
    );
    this.#child.stdin.end();
    return { ...(await ended), stderr: this.#stderr };
  }

  /** With all it has started: what waits for a test must not do so for ever. */
  #kill(): void {
    for (const pid of this.#child.exitCode === null ? childrenOf(this.pid) : []) {
      try {
        process.kill(-pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    this.#child.kill("SIGKILL");
  }

  #ask(name: string, argument?: unknown): Promise<unknown> {
    const id = ++this.#last;
    const answered = new Promise((done, fail) => {
      this.#asked.set(id, ({ result, error }) => (error === undefined ? done(result) : fail(error)));
      this.#child.stdin.write(`${JSON.stringify({ id, name, argument })}\n`);
    });
    // A test that has failed no longer asks how the rest of it went.
    answered.catch(() => undefined);
    return answered;
  }
}
