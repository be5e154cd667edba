import type { Readable } from "node:stream";
import { Backlog } from "../daemon/backlog.js";
import { isBlank, parseEventLine } from "../daemon/event-line.js";
import { bytesOf, type InputLine, longestLine, readLines } from "../daemon/read-lines.js";
import type { Recording } from "../daemon/recording.js";
import type { CallbackEngine } from "../engine/callback-engine.js";
import { asUcbError, UcbError } from "../errors.js";
import type { EventSource } from "./event-sources.js";
import type { RunLines } from "./run-lines.js";
import type { StandardOutput } from "./standard-output.js";

type FedEngine = Pick<CallbackEngine, "emit" | "load" | "on">;
type FeedOutput = Pick<StandardOutput, "full" | "gone" | "onChange">;

/** Reports a stream of events to an engine, in order and no faster than outcomes are read and runs are run. */
export class EventFeed {
  readonly #engine: FedEngine;
  readonly #backlog: Backlog;
  readonly #output: FeedOutput;
  readonly #lines: Pick<RunLines, "refused">;
  readonly #recording: Pick<Recording, "add"> | null;
  #stream: Readable | null = null;
  #stopped = false;
  #taken = 0;
  #refused = 0;
  #wake: () => void = () => {};
  #announceStop: () => void = () => {};
  readonly #stop = new Promise<void>((resolve) => {
    this.#announceStop = resolve;
  });

  constructor(
    engine: FedEngine,
    output: FeedOutput,
    lines: Pick<RunLines, "refused">,
    recording: Pick<Recording, "add"> | null = null,
  ) {
    this.#engine = engine;
    this.#backlog = new Backlog(engine);
    this.#output = output;
    this.#lines = lines;
    this.#recording = recording;
    engine.on("run", () => this.#wake());
    output.onChange = () => {
      if (output.gone) this.stop();
      this.#wake();
    };
  }

  /** How many lines there were, blank ones left aside. */
  get lines(): number {
    return this.#taken + this.#refused;
  }

  /** How many lines were no events. */
  get refused(): number {
    return this.#refused;
  }

  /** Whether events were left unread. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /**
   * Reports all events of a stream, unless it is stopped.
   * @throws UcbError `ERR_UCB_INPUT` if the stream cannot be read
   */
  async read(stream: Readable, source: Pick<EventSource, "file" | "name">): Promise<void> {
    if (this.#stopped) return;
    this.#stream = stream;
    // Opening a named pipe lasts until somebody writes to it, whatever becomes of the stream.
    await Promise.race([this.#readAll(stream, source), this.#stop]);
    this.#stream = null;
  }

  /** Takes no more events. */
  stop(): void {
    this.#stopped = true;
    this.#stream?.destroy();
    this.#announceStop();
    this.#wake();
  }

  async #readAll(stream: Readable, { file, name }: Pick<EventSource, "file" | "name">): Promise<void> {
    try {
      for await (const line of readLines(stream, longestLine)) {
        if (this.#stopped) return;
        this.#take(line, file);
        while (this.#mustWait()) await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } catch (error) {
      // A stream that is closed in the middle complains.
      if (!this.#stopped) throw asUcbError(error, "ERR_UCB_INPUT", `${name} cannot be read`);
    }
  }

  #mustWait(): boolean {
    return !this.#stopped && (this.#output.full || this.#backlog.isFull);
  }

  #take(line: InputLine, file: string | null): void {
    try {
      const bytes = bytesOf(line);
      if (isBlank(bytes)) return;
      const event = parseEventLine(bytes);
      const fired = this.#engine.emit(event);
      this.#recording?.add(event);
      if (fired > 0) this.#backlog.fired(bytes.length);
      this.#taken++;
    } catch (error) {
      if (!(error instanceof UcbError)) throw error;
      this.#refused++;
      this.#lines.refused({ file, line: line.number }, error);
    }
  }
}
