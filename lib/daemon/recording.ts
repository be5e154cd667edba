import { textOf } from "../engine/arguments.js";
import type { EngineEvent } from "../engine/engine-event.js";
import { UcbError } from "../errors.js";
import { RecordingFile, type RecordingFileOptions } from "./recording-file.js";

export interface RecordingOptions extends RecordingFileOptions {
  /** Told when events cannot be written, or are left out since writing is too slow, and with null when that is over. */
  problem(problem: UcbError | null): void;
}

/** What a recording tells of itself. */
export interface RecordingStatus {
  file: string;
  /** Events that were taken and are in none of its files. */
  missing: number;
  /** What is wrong at the moment. */
  problem: string | null;
}

/** Bytes of lines that may wait for the disk; events that come then are left out, and counted. */
const mostWaiting = 16 * 1024 * 1024;
/** Written at a time, unless a line is longer. */
const mostAtOnce = 1024 * 1024;
const firstRetryMs = 500;
const longestRetryMs = 30_000;

/**
 * Writes down the events that were taken, in their order, each with its time: lines that can be reported again. Nobody waits for
 * it, and no more than some megabytes wait for the disk.
 */
export class Recording {
  readonly #options: RecordingOptions;
  readonly #file: RecordingFile;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Left out since the last line that was taken in. */
  #gap = 0;
  #missing = 0;
  #problem: UcbError | null = null;
  #writing: Promise<void> | null = null;
  #retry: { timer: NodeJS.Timeout; now: () => void } | null = null;
  #closing = false;

  private constructor(file: RecordingFile, options: RecordingOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** @throws UcbError as {@link RecordingFile.open} says */
  static async open(options: RecordingOptions): Promise<Recording> {
    return new Recording(await RecordingFile.open(options), options);
  }

  get status(): RecordingStatus {
    return { file: this.#options.file, missing: this.#missing, problem: this.#problem?.message ?? null };
  }

  /** An event was taken, just now. */
  add(event: string | EngineEvent): void {
    if (this.#closing) return;
    if (this.#waitingBytes > mostWaiting) {
      this.#gap++;
      this.#missing++;
      if (this.#problem === null) this.#tell(tooSlow(this.#options.file));
      return;
    }
    const line = Buffer.from(recordedLine(event, Date.now(), this.#gap));
    this.#gap = 0;
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#writing ??= this.#write();
  }

  /** Resolves when all that can be written is; what cannot is counted as missing. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#retry?.now();
    await this.#writing;
    this.#missing += this.#waiting.length;
    this.#waiting = [];
    await this.#file.close();
  }

  async #write(): Promise<void> {
    // Events of one turn of the event loop go together.
    await new Promise((resolve) => setImmediate(resolve));
    for (let retryMs = firstRetryMs; this.#waiting.length > 0; ) {
      const count = this.#batch();
      const lines = Buffer.concat(this.#waiting.slice(0, count));
      try {
        await this.#file.append(lines);
        this.#waiting.splice(0, count);
        this.#waitingBytes -= lines.length;
        retryMs = firstRetryMs;
        if (this.#problem !== null && this.#waitingBytes <= mostWaiting / 2) this.#tell(null);
      } catch (error) {
        if (this.#problem?.message !== (error as UcbError).message) this.#tell(error as UcbError);
        if (this.#closing) break;
        await this.#pause(retryMs);
        retryMs = Math.min(2 * retryMs, longestRetryMs);
      }
    }
    this.#writing = null;
  }

  /** How many lines are written next: whole ones, and no more than a file may hold. */
  #batch(): number {
    const most = Math.min(mostAtOnce, this.#options.maxBytes);
    let bytes = 0;
    const beyond = this.#waiting.findIndex((line) => {
      bytes += line.length;
      return bytes > most;
    });
    return beyond < 0 ? this.#waiting.length : Math.max(1, beyond);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const now = () => {
        clearTimeout(timer);
        this.#retry = null;
        resolve();
      };
      const timer = setTimeout(now, ms);
      timer.unref();
      this.#retry = { timer, now };
    });
  }

  #tell(problem: UcbError | null): void {
    this.#problem = problem;
    this.#options.problem(problem);
  }
}

/** A line that reports the event again; `missing` is how many before it were left out. */
function recordedLine(event: string | EngineEvent, at: number, missing: number): string {
  const { job, work, subjob } = typeof event === "string" ? ({} as Partial<EngineEvent>) : event;
  const text = typeof event === "string" ? event : textOf(event);
  return `${JSON.stringify({ at, ...(missing === 0 ? {} : { missing }), event: text, job, work, subjob })}\n`;
}

function tooSlow(file: string): UcbError {
  return new UcbError("ERR_UCB_RECORD", `${file} is written too slowly: events are left out of the recording`, {
    ...{ path: file, hint: "they are taken all the same; the line behind them says how many are missing" },
  });
}
