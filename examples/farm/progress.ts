import { performance } from "node:perf_hooks";
import type { WriteStream } from "node:tty";
import type { CallbackEngine, EngineEvent, Run } from "universal-callbacks";
import { colors } from "./colors.js";
import type { Farm } from "./farm.js";

type Stream = Pick<WriteStream, "write" | "columns" | "isTTY">;

const erase = "\r\u001b[K";

/**
 * Says what happens, a line each, as it happens: what becomes of jobs, work that goes wrong, what callbacks ask for and
 * those that fail. On a terminal a last line, always the same, shows how far things are.
 */
export class Progress {
  readonly #farm: Farm;
  readonly #engine: CallbackEngine;
  readonly #stream: Stream;
  readonly #start = performance.now();
  #live: NodeJS.Timeout | null = null;

  constructor(farm: Farm, engine: CallbackEngine, stream: Stream) {
    this.#farm = farm;
    this.#engine = engine;
    this.#stream = stream;
    farm.on("event", (event) => this.#noteEvent(event));
    engine.on("run", (run) => this.#noteRun(run));
    engine.on("action", ({ verb, target, ids, by }) => {
      this.#say(
        `${by.callback} asks: ${colors.cyan(`${verb} ${target} ${ids.join(", ")}`)} ${colors.dim(`(${by.event})`)}`,
      );
    });
    engine.on("slow", (run) => this.#say(colors.yellow(`${run.callback} on ${run.event} takes long`)));
    engine.on("problem", (error) => this.#say(colors.yellow(error.message)));
    if (stream.isTTY && process.env.TERM !== "dumb")
      this.#live = setInterval(() => stream.write(`${erase}${this.#state()}`), 100);
  }

  stop(): void {
    if (this.#live === null) return;
    clearInterval(this.#live);
    this.#live = null;
    this.#stream.write(erase);
  }

  #noteEvent({ name = "", type, jobId, extra, job, work }: EngineEvent): void {
    if (type === "job" && name !== "waiting") {
      this.#say(`job ${jobId} ${job?.name ?? ""}: ${colored(name === "submit" ? "submitted" : name)}`);
    } else if (type === "work" && (name === "failed" || name === "killed" || name === "timeout")) {
      const reason = typeof work?.reason === "string" ? ` (${work.reason})` : "";
      this.#say(`work ${jobId}:${extra}: ${colored(name)}${reason}`);
    }
  }

  #noteRun(run: Run): void {
    if (run.state === "queued" || run.state === "running" || run.state === "succeeded") return;
    this.#say(
      `${run.callback} on ${run.event}: ${colors.red(run.state)}${run.reason === null ? "" : ` (${run.reason})`}`,
    );
  }

  #say(line: string): void {
    const seconds = ((performance.now() - this.#start) / 1000).toFixed(2).padStart(7);
    this.#stream.write(`${this.#live === null ? "" : erase}${colors.dim(`${seconds} s`)}  ${line}\n`);
  }

  #state(): string {
    const jobs = [...this.#farm.jobs.values()];
    const work = jobs.flatMap(({ agenda }) => agenda);
    const ended = jobs.filter((job) => job.ended).length;
    const done = work.filter(({ status }) => status === "complete").length;
    const running = work.filter(({ process }) => process !== null).length;
    const { queued, running: callbacks } = this.#engine.load;
    const state =
      `${ended} of ${jobs.length} jobs ended, ${done} of ${work.length} work items complete, ${running} running; ` +
      `callbacks: ${callbacks} running, ${queued} waiting`;
    return state.slice(0, Math.max(0, (this.#stream.columns || 80) - 1));
  }
}

/** The word for a status, in the colour that goes with it. */
export function colored(status: string, width = 0): string {
  const word = status.padEnd(width);
  if (status === "complete") return colors.green(word);
  if (status === "failed" || status === "killed" || status === "timeout") return colors.red(word);
  if (status === "blocked" || status === "suspended") return colors.yellow(word);
  return word;
}
