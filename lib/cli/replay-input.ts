import { UcbError } from "../errors.js";
import type { RunningOptions } from "./common-options.js";
import { complain, note } from "./complaint.js";
import { count } from "./count.js";
import { Progress } from "./progress.js";
import { type BadLine, type RecordedEvent, type RecordedEventsListener, recordedEvents } from "./recorded-events.js";
import type { RecordedFile } from "./recordings.js";
import { RunLines } from "./run-lines.js";
import type { StandardOutput } from "./standard-output.js";

export interface ReplayOptions extends RunningOptions {
  /** Whether what fires is really run. */
  run?: boolean;
  /** Unix milliseconds: the first that counts, and the first that does not. */
  from?: number;
  to?: number;
}

/** What was read so far. */
export interface ReplayTotals {
  events: number;
  /** Lines that were no events. */
  refused: number;
  /** Events that the recording lacks. */
  missing: number;
  /** Events that do not say when they were; they are left out where a span of time is asked for. */
  timeless: number;
  /** Unix milliseconds of the first and the last event. */
  from: number | null;
  to: number | null;
}

/** An event of the span that is asked for, or one before it. */
export interface ReplayedEvent extends RecordedEvent {
  isBefore: boolean;
}

/** Lines that are told of one by one; a file that is none of events at all has millions. */
const mostTold = 20;

/** Events to be replayed, and how far it has come. */
export class ReplayInput implements RecordedEventsListener {
  readonly totals: ReplayTotals = { events: 0, refused: 0, missing: 0, timeless: 0, from: null, to: null };
  readonly #progress = new Progress();
  readonly #files: readonly RecordedFile[];
  readonly #options: ReplayOptions;
  readonly #lines: RunLines;
  readonly #size: number;
  #read = 0;

  constructor(files: readonly RecordedFile[], options: ReplayOptions, output: StandardOutput) {
    this.#files = files;
    this.#options = options;
    this.#lines = new RunLines(output);
    this.#size = files.reduce((sum, { size }) => sum + size, 0);
  }

  /** Those of the span that is asked for, and, marked, the ones before it. */
  async *events(): AsyncGenerator<ReplayedEvent> {
    const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = this.#options;
    const isSpan = this.#options.from !== undefined || this.#options.to !== undefined;
    for await (const event of recordedEvents(this.#files, this)) {
      this.#progress.show(() => this.#describe());
      if (event.at === null) {
        this.totals.timeless++;
        if (isSpan) continue;
      } else if (event.at >= to) continue;
      const isBefore = event.at !== null && event.at < from;
      if (!isBefore) this.#count(event);
      yield { ...event, isBefore };
    }
    this.#tell();
  }

  end(): void {
    this.#progress.end();
  }

  /** An event of {@link events} could not be taken. */
  refuse({ file, line }: ReplayedEvent, error: unknown): void {
    if (!(error instanceof UcbError) || error.code !== "ERR_UCB_EVENT") throw error;
    this.totals.events--;
    this.bad({ file, line, error });
  }

  bad({ file, line, error }: BadLine): void {
    this.totals.refused++;
    const { message, code, hint } = error;
    if (this.#options.json === true) {
      this.#lines.refused({ file, line }, error);
    } else if (this.totals.refused <= mostTold) {
      complain(new UcbError(code, message, { file: file ?? "standard input", line, hint }), this.#options.color);
    }
  }

  torn(file: string | null): void {
    note(`${file ?? "standard input"} ends in the middle of a line, which is left out`);
  }

  read(bytes: number): void {
    this.#read += bytes;
  }

  #describe(): string {
    const part = this.#size === 0 ? "" : `${Math.floor((100 * this.#read) / this.#size)} %, `;
    return `${part}${count(this.totals.events, "event")}`;
  }

  #count({ at, missing }: RecordedEvent): void {
    const { totals } = this;
    totals.events++;
    totals.missing += missing;
    if (at === null) return;
    totals.from = totals.from === null ? at : Math.min(totals.from, at);
    totals.to = totals.to === null ? at : Math.max(totals.to, at);
  }

  #tell(): void {
    const { refused, missing, timeless, events } = this.totals;
    const isSpan = this.#options.from !== undefined || this.#options.to !== undefined;
    if (refused > mostTold && this.#options.json !== true) note(`${count(refused, "line")} in all were no events`);
    if (missing > 0) note(`the recording lacks ${count(missing, "event")}`);
    if (timeless > 0 && isSpan) note(`${count(timeless, "event")} without a time are left out`);
    else if (timeless > 0 && timeless === events)
      note("the events have no times: no time passes, and no throttle holds back");
  }
}
