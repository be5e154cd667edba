import type { Socket } from "node:net";
import { asUcbError, UcbError } from "../errors.js";
import type { Desk } from "./desk.js";
import type { EventIntake, Taken } from "./event-intake.js";
import { isEventLine, parseEventRecord, parseJsonLine } from "./event-line.js";
import type { Followers } from "./followers.js";
import { parseQuestion } from "./question.js";
import { type InputLine, longestLine, readLines } from "./read-lines.js";
import { errorLine } from "./wire.js";

/** Events of one connection that are made durable together, at most. */
const mostTogether = 256;

/** What a connection needs around it; one for a daemon. */
export interface ControlRoom {
  intake: EventIntake;
  desk: Desk;
  followers: Followers;
}

/**
 * One client of a daemon: lines of JSON in, for each one line out, in their order. Events that are at hand together are made
 * durable together.
 */
export class ControlConnection {
  readonly #socket: Socket;
  readonly #room: ControlRoom;
  /** Answers to events that are not durable yet. */
  #unsettled: Taken[] = [];
  #unfollow: (() => void) | null = null;

  constructor(socket: Socket, room: ControlRoom) {
    this.#socket = socket;
    this.#room = room;
  }

  /** Resolves when the client has said all it had to say; it still hears what it follows then, until it goes away. */
  async serve(): Promise<void> {
    const socket = this.#socket;
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#unfollow?.());
    try {
      // A client that has said all it had to say still wants its answers.
      for await (const line of readLines(socket.iterator({ destroyOnReturn: false }), longestLine)) {
        await this.#take(line);
        if (!socket.writable) return;
      }
      await this.#settle();
      if (this.#unfollow === null) socket.end();
    } catch {
      socket.destroy();
    }
  }

  async #take({ number, bytes }: InputLine): Promise<void> {
    try {
      if (bytes === null) {
        throw new UcbError("ERR_UCB_INPUT", `the line is longer than ${longestLine / 1024 / 1024} MiB`);
      }
      const record = parseJsonLine(bytes);
      if (record === null) return;
      if (isEventLine(record)) await this.#takeEvent(record, bytes.length);
      else await this.#takeQuestion(record);
    } catch (error) {
      await this.#settle();
      await this.#write(errorLine(number, asUcbError(error, "ERR_UCB_INPUT", "")));
    }
  }

  async #takeEvent(record: Readonly<Record<string, unknown>>, bytes: number): Promise<void> {
    const event = parseEventRecord(record);
    await this.#room.intake.room();
    this.#unsettled.push(this.#room.intake.take(event, String(record.event), bytes));
    // With more lines at hand their answers can wait for the same trip to the disk.
    if (this.#unsettled.length >= mostTogether || this.#socket.readableLength === 0) await this.#settle();
  }

  async #takeQuestion(record: Readonly<Record<string, unknown>>): Promise<void> {
    const question = parseQuestion(record);
    await this.#settle();
    if (question.ask === "follow") {
      this.#unfollow ??= this.#room.followers.add(this.#socket);
      await this.#write({ following: true });
    } else await this.#write(await this.#room.desk.answer(question));
  }

  async #settle(): Promise<void> {
    const taken = this.#unsettled;
    if (taken.length === 0) return;
    this.#unsettled = [];
    let problem: UcbError | null = null;
    try {
      await this.#room.intake.settle();
    } catch (error) {
      // The events were taken all the same: the client must know both.
      problem = asUcbError(error, "ERR_UCB_STATE", "");
    }
    const undurable = problem === null ? {} : { undurable: problem.message };
    await this.#write(...taken.map((answer) => ({ taken: { ...answer, ...undurable } })));
  }

  /** A client that does not read what it asked for is not read from either. */
  async #write(...answers: object[]): Promise<void> {
    const socket = this.#socket;
    const text = answers.map((answer) => `${JSON.stringify(answer)}\n`).join("");
    if (!socket.writable || socket.write(text)) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        socket.off("drain", done);
        socket.off("close", done);
        resolve();
      };
      socket.once("drain", done);
      socket.once("close", done);
    });
  }
}
