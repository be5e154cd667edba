import type { Job } from "../bridge/supervisor.js";
import { errorsOf } from "../config/diagnostic.js";
import type { CallbackEngine } from "../engine/callback-engine.js";
import type { RefusedConfiguration } from "../engine/current-site.js";
import { asUcbError, UcbError } from "../errors.js";
import type { Run } from "../execute/run.js";
import { parseEvent } from "../trigger/event.js";
import { leftOutOf, type NowExplanation } from "./now-explanation.js";
import type { Question } from "./question.js";
import type { Recording, RecordingStatus } from "./recording.js";
import type { RunLog } from "./run-log.js";
import { readRunOutput } from "./run-output.js";
import { whyOf } from "./why.js";

/** What a daemon tells of itself. */
export interface Status {
  pid: number;
  version: string;
  /** Unix milliseconds. */
  startedAt: number;
  generation: number;
  callbacks: number;
  /** Errors in the configuration that holds: callbacks and options that they are in are left out. */
  leftOut: number;
  /** A later configuration that is not taken, and since when; null if there is none. */
  refused: RefusedStatus | null;
  queued: number;
  running: number;
  delayed: number;
  /** Why runs do not survive a crash at the moment; null if they do, and false where there is no state. */
  undurable: string | false | null;
  /** Where events are recorded; null for nowhere. */
  recording: RecordingStatus | null;
  counters: Record<string, object>;
  pauses: Record<string, object>;
}

export interface RefusedStatus {
  code: string;
  message: string;
  file: string | null;
  line: number | null;
  column: number | null;
  /** Unix milliseconds. */
  since: number;
}

export interface DeskOptions {
  version: string;
  isDurable: boolean;
  recording: Recording | null;
}

/** No more of a log than this is sent, its end, in bytes. */
const longestLog = 4 * 1024 * 1024;

/** Answers what clients of a daemon ask. */
export class Desk {
  readonly #engine: CallbackEngine;
  readonly #log: RunLog;
  readonly #version: string;
  readonly #recording: Recording | null;
  readonly #startedAt = Date.now();
  #generation = 1;
  #undurable: string | false | null;

  constructor(engine: CallbackEngine, log: RunLog, { version, isDurable, recording }: DeskOptions) {
    this.#engine = engine;
    this.#log = log;
    this.#version = version;
    this.#recording = recording;
    this.#undurable = isDurable ? null : false;
    engine.on("configuration", ({ generation }) => {
      this.#generation = generation;
    });
    engine.on("durability", (problem) => {
      this.#undurable = problem?.message ?? null;
    });
  }

  /** @throws UcbError */
  async answer(question: Exclude<Question, { ask: "follow" }>): Promise<object> {
    switch (question.ask) {
      case "status":
        return { status: this.status() };
      case "runs":
        return { runs: this.#log.list(question) };
      case "run":
        return { run: this.#find(question.run) };
      case "why": {
        const run = this.#find(question.run);
        const callback = this.#engine.callbacks.find(({ id }) => id === run.callbackId);
        return { why: whyOf(run, callback) };
      }
      case "explain":
        return { explain: await this.#explain(question.event, question.job) };
      case "log":
        return { log: await this.#read(this.#find(question.run)) };
      case "pending":
        return { pending: this.#engine.pending(question.jobId) };
      case "reload":
        return { reload: await this.#engine.reload() };
    }
  }

  status(): Status {
    return {
      pid: process.pid,
      version: this.#version,
      startedAt: this.#startedAt,
      generation: this.#generation,
      callbacks: this.#engine.callbacks.length,
      leftOut: errorsOf(this.#engine.diagnostics).length,
      refused: refusedStatus(this.#engine.refusedConfiguration),
      ...this.#engine.load,
      undurable: this.#undurable,
      recording: this.#recording?.status ?? null,
      counters: Object.fromEntries(this.#engine.counters()),
      pauses: Object.fromEntries(this.#engine.pauses()),
    };
  }

  async #explain(event: string, job: Job | undefined): Promise<NowExplanation> {
    const { name, type, jobId, extra } = parseEvent(event);
    const explanation = await this.#engine.explain(job === undefined ? event : { name, type, jobId, extra, job });
    return { ...explanation, leftOut: leftOutOf(this.#engine.diagnostics) };
  }

  #find(id: string): Run {
    const run = this.#log.get(id);
    if (run !== undefined) return run;
    throw new UcbError("ERR_UCB_UNKNOWN_RUN", `there is no run ${id}, or it ended too long ago`, {
      hint: "`ucb runs` shows those that are known",
    });
  }

  async #read(run: Run): Promise<object> {
    try {
      const output = await readRunOutput(run, longestLog);
      return { run: run.id, path: run.log, text: output?.text ?? "", omitted: output?.omitted ?? 0 };
    } catch (error) {
      throw asUcbError(error, "ERR_UCB_LOG", `the output of run ${run.id} cannot be read`);
    }
  }
}

function refusedStatus(refused: RefusedConfiguration | null): RefusedStatus | null {
  if (refused === null) return null;
  const { code, message, file = null, line = null, column = null } = refused.error;
  return { code, message, file, line, column, since: refused.since };
}
