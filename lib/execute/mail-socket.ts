import { connect, type Socket } from "node:net";

type Opened = (error: Error | null, options?: { connection: Socket }) => void;

/** The connection to a mail server: however the server dawdles, it ends in time. */
export class MailSocket {
  readonly #host: string;
  readonly #port: number;
  readonly #timer: NodeJS.Timeout;
  #socket: Socket | null = null;

  /**
   * @param patienceMs how long the server may say nothing
   * @param timeoutMs how long all of it may take
   */
  constructor(
    host: string,
    port: number,
    readonly patienceMs: number,
    timeoutMs: number,
  ) {
    this.#host = host;
    this.#port = port;
    const message = `the mail was not sent within ${timeoutMs} ms`;
    this.#timer = setTimeout(() => this.#end(message), timeoutMs);
  }

  /** Connects; `opened` is called once. */
  open(opened: Opened): void {
    const socket = connect({ host: this.#host, port: this.#port });
    this.#socket = socket;
    const patience = setTimeout(() => this.#end(`no connection within ${this.patienceMs} ms`), this.patienceMs);
    const failed = (error: Error) => {
      clearTimeout(patience);
      opened(error);
    };
    socket.once("error", failed);
    socket.once("connect", () => {
      clearTimeout(patience);
      socket.off("error", failed);
      opened(null, { connection: socket });
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #end(message: string): void {
    this.#socket?.destroy(Object.assign(new Error(message), { code: "ETIMEDOUT" }));
  }
}
