import { asUcbError, type UcbError } from "../errors.js";
import type { EventIntake, Taken } from "./event-intake.js";
import { isEventLine, parseEventRecord, parseJsonLine } from "./event-line.js";
import { bytesOf, type InputLine, longestLine, readLines } from "./read-lines.js";
import { errorLine } from "./wire.js";

/** Where a client's answers go: a socket, or the response to a request. */
export interface AnswerStream {
  readonly destroyed: boolean;
  readonly writable: boolean;
  write(text: string): boolean;
  once(event: "drain" | "close", listener: () => void): unknown;
  off(event: "drain" | "close", listener: () => void): unknown;
}

export interface LineServerOptions {
  intake: EventIntake;
  answers: AnswerStream;
  /**
   * Answers a line that reports no event; null if it has written the answer itself.
   * @throws UcbError what the client is told instead
   */
  answer(record: Readonly<Record<string, unknown>>): Promise<object | null>;
}

/**
 * Serves one client: lines of JSON in, for each one line out, in their order. Events that came together are made durable
 * together, and answered after that.
 */
export class LineServer {
  readonly #options: LineServerOptions;
  /** Answers to events that are not durable yet. */
  #unsettled: Taken[] = [];

  constructor(options: LineServerOptions) {
    this.#options = options;
  }

  /** Resolves when the client has said all it had to say and has its answers, or is gone. */
  async serve(stream: AsyncIterable<Buffer>): Promise<void> {
    for await (const line of readLines(stream, longestLine)) {
      await this.#take(line);
      // What the next line brings is at hand already, and can go to the disk on the same trip.
      if (!line.more) await this.#settle();
      if (this.#isGone) return;
    }
  }

  async #take(line: InputLine): Promise<void> {
    try {
      const bytes = bytesOf(line);
      const record = parseJsonLine(bytes);
      if (record === null) return;
      if (isEventLine(record)) {
        await this.#takeEvent(record, bytes.length);
        return;
      }
      await this.#settle();
      const answer = await this.#options.answer(record);
      if (answer !== null) await this.#write(answer);
    } catch (error) {
      await this.#settle();
      await this.#write(errorLine(line.number, asUcbError(error, "ERR_UCB_INPUT", "")));
    }
  }

  async #takeEvent(record: Readonly<Record<string, unknown>>, bytes: number): Promise<void> {
    const { intake } = this.#options;
    const event = parseEventRecord(record);
    if (intake.isFull) {
      // Runs may take long: nobody shall wait for them who only wants to know that an event was taken.
      await this.#settle();
      await intake.room();
    }
    this.#unsettled.push(intake.take(event, String(record.event), bytes));
  }

  async #settle(): Promise<void> {
    const taken = this.#unsettled;
    if (taken.length === 0) return;
    this.#unsettled = [];
    let problem: UcbError | null = null;
    try {
      await this.#options.intake.settle();
    } catch (error) {
      // The events were taken all the same: the client must know both.
      problem = asUcbError(error, "ERR_UCB_STATE", "");
    }
    const undurable = problem === null ? {} : { undurable: problem.message };
    await this.#write(...taken.map((answer) => ({ taken: { ...answer, ...undurable } })));
  }

  get #isGone(): boolean {
    const { destroyed, writable } = this.#options.answers;
    return destroyed || !writable;
  }

  /** A client that does not read what it asked for is not read from either. */
  async #write(...answers: object[]): Promise<void> {
    const stream = this.#options.answers;
    const text = answers.map((answer) => `${JSON.stringify(answer)}\n`).join("");
    if (this.#isGone || stream.write(text)) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        stream.off("drain", done);
        stream.off("close", done);
        resolve();
      };
      stream.once("drain", done);
      stream.once("close", done);
    });
  }
}
