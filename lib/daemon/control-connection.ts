import type { Socket } from "node:net";
import type { Desk } from "./desk.js";
import type { EventIntake } from "./event-intake.js";
import type { Followers } from "./followers.js";
import { LineServer } from "./line-server.js";
import { parseQuestion } from "./question.js";

/** What a connection needs around it; one for a daemon. */
export interface ControlRoom {
  intake: EventIntake;
  desk: Desk;
  followers: Followers;
}

/** One client of a daemon's socket: reports events, asks questions, and may follow what happens. */
export class ControlConnection {
  readonly #socket: Socket;
  readonly #room: ControlRoom;
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
    const server = new LineServer({
      intake: this.#room.intake,
      answers: socket,
      answer: (record) => this.#answer(record),
    });
    try {
      // A client that has said all it had to say still wants its answers.
      await server.serve(socket.iterator({ destroyOnReturn: false }));
      if (this.#unfollow === null) socket.end();
    } catch {
      socket.destroy();
    }
  }

  async #answer(record: Readonly<Record<string, unknown>>): Promise<object | null> {
    const question = parseQuestion(record);
    if (question.ask !== "follow") return await this.#room.desk.answer(question);
    // In one go: all that is told comes behind the answer, and none of it is missing.
    this.#socket.write(`${JSON.stringify({ following: true })}\n`);
    this.#unfollow ??= this.#room.followers.add(this.#socket);
    return null;
  }
}
