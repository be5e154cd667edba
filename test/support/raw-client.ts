import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A client of the bridge that keeps to no rules; its socket ends with the test. */
export class RawClient {
  readonly socket: Socket;
  #text = "";
  #ended = false;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    const wake = () => {
      for (const look of this.#waiting) look();
    };
    socket.setEncoding("utf8").on("data", (text: string) => {
      this.#text += text;
      wake();
    });
    socket.on("error", () => undefined);
    for (const event of ["end", "close"]) {
      socket.on(event, () => {
        this.#ended = true;
        wake();
      });
    }
  }

  static open(path: string): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ path, allowHalfOpen: true });
      onTestFinished(() => void socket.destroy());
      socket.once("error", reject);
      socket.once("connect", () => resolve(new RawClient(socket)));
    });
  }

  /** Sends without waiting for anything. */
  send(text: string | Uint8Array): this {
    this.socket.write(text);
    return this;
  }

  request(token: string, method: string, params: unknown = {}, id: unknown = 1): this {
    return this.send(`${JSON.stringify({ token, id, method, params })}\n`);
  }

  /** The next whole line as JSON; undefined if the connection ends before one. */
  async next(): Promise<Record<string, unknown> | undefined> {
    await this.#until(() => this.#text.includes("\n"));
    const end = this.#text.indexOf("\n");
    if (end < 0) return undefined;
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return JSON.parse(line);
  }

  /** Resolves when the other side has ended the connection. */
  async ended(): Promise<void> {
    await this.#until(() => false);
  }

  #until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition() && !this.#ended) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}
