import { once } from "node:events";
import type { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { UcbError } from "../errors.js";
import { answerPieces, errorAnswer, pieceLength } from "./answer.js";
import { LineBuffer } from "./line-buffer.js";
import { type BridgeRequest, isRecord } from "./request.js";

/** What one client may cost. Sizes in bytes, times in milliseconds. */
export interface ConnectionLimits {
  /** Longest request line. */
  line: number;
  /** Longest part of a line that is kept of a client that has not shown a token. */
  unknownLine: number;
  /** All that is kept of a run's unfinished lines, over all its connections. */
  pendingOfRun: number;
  /** From connecting to the end of the first request line. */
  firstRequestMs: number;
  /** From the first to the last byte of a later request line. */
  requestMs: number;
  /** Without progress while an answer is written. */
  stalledMs: number;
}

export const usualLimits: ConnectionLimits = {
  line: 8 * 1024 * 1024,
  unknownLine: 64 * 1024,
  pendingOfRun: 24 * 1024 * 1024,
  firstRequestMs: 10_000,
  requestMs: 30_000,
  stalledMs: 30_000,
};

/** Whom a token stands for, and what that client holds at the moment. */
export interface Client {
  connections: Set<Connection>;
  /** Bytes of unfinished lines on all connections. */
  pending: number;
}

export interface ConnectionHost<C extends Client> {
  readonly limits: ConnectionLimits;
  /** The client a token stands for; throws for one that stands for nobody or may not connect again. */
  admit(token: string, connection: Connection): C;
  answer(request: BridgeRequest, client: C): Promise<unknown>;
}

/** A connection as its owner sees it. */
export interface Connection {
  destroy(): void;
}

const newline = 0x0a;

/**
 * Serves one connection until its end: a request a line, one at a time, nothing read while one is answered. A client
 * that breaks the rules is told why and loses this connection; nobody else notices.
 */
export class BridgeConnection<C extends Client> implements Connection {
  readonly #socket: Socket;
  readonly #host: ConnectionHost<C>;
  #client: C | null = null;
  readonly #unfinished = new LineBuffer();
  #deadline: NodeJS.Timeout | undefined;

  constructor(socket: Socket, host: ConnectionHost<C>) {
    this.#socket = socket;
    this.#host = host;
    socket.unref();
    // Errors end the loop in serve() as well; a listener keeps one that comes later from ending the process.
    socket.on("error", () => undefined);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Resolves when the connection has ended, for whatever reason; never rejects. */
  async serve(): Promise<void> {
    try {
      this.#expect(this.#host.limits.firstRequestMs, "no request came");
      for await (const chunk of this.#socket) {
        if (!(await this.#accepts(chunk as Buffer))) break;
      }
      this.#socket.end();
    } catch {
      this.#socket.destroy();
    } finally {
      clearTimeout(this.#deadline);
      this.#count(-this.#unfinished.length);
      this.#client?.connections.delete(this);
    }
  }

  /** False after a rule was broken, once the client has been told. */
  async #accepts(chunk: Buffer): Promise<boolean> {
    try {
      await this.#take(chunk);
      return true;
    } catch (error) {
      if (!(error instanceof UcbError)) throw error;
      this.#refuse(error);
      if (!this.#socket.closed) await once(this.#socket, "close");
      return false;
    }
  }

  async #take(chunk: Buffer): Promise<void> {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const last = chunk.subarray(start, end);
      start = end + 1;
      this.#checkLength(last.length);
      clearTimeout(this.#deadline);
      this.#count(-this.#unfinished.length);
      await this.#handle(this.#unfinished.take(last));
      // Requests that came in one piece must not keep the loop from everybody else.
      await nextTurn();
    }
    if (start < chunk.length) this.#begin(chunk.subarray(start));
  }

  /** Keeps a part of a line whose end has not come. */
  #begin(part: Buffer): void {
    const { limits } = this.#host;
    this.#checkLength(part.length);
    if (this.#unfinished.length === 0 && this.#client !== null) {
      this.#expect(limits.requestMs, "a request was begun and not ended");
    }
    this.#unfinished.append(part);
    this.#count(part.length);
    if (this.#client === null && this.#unfinished.length > limits.unknownLine) {
      const token = leadingToken(this.#unfinished.head(512));
      if (token === null) throw rejected(`a request of over ${limits.unknownLine} bytes must begin with its token`);
      this.#identify(token);
    }
    if (this.#client !== null && this.#client.pending > limits.pendingOfRun) {
      throw rejected("the run has too many large requests under way at once");
    }
  }

  #checkLength(more: number): void {
    const { line } = this.#host.limits;
    if (this.#unfinished.length + more > line) throw rejected(`a request may have ${line} bytes at most`);
  }

  /** Counts bytes of unfinished lines for the client, once it is known. */
  #count(bytes: number): void {
    if (this.#client !== null) this.#client.pending += bytes;
  }

  #identify(token: string): C {
    const client = this.#host.admit(token, this);
    if (this.#client === null) {
      this.#client = client;
      client.connections.add(this);
      client.pending += this.#unfinished.length;
    } else if (this.#client !== client) {
      throw rejected("this connection belongs to another run");
    }
    return client;
  }

  async #handle(line: string): Promise<void> {
    const { token, ...request } = parseRequest(line);
    const client = this.#identify(token);
    await this.#answer(request, client);
  }

  async #answer(request: BridgeRequest, client: C): Promise<void> {
    let result: unknown;
    try {
      result = await this.#host.answer(request, client);
    } catch (error) {
      await this.#write(errorAnswer(request.id, error));
      return;
    }
    for (const piece of answerPieces(request.id, result)) {
      await this.#write(piece);
      if (piece.length >= pieceLength) await nextTurn();
    }
  }

  /** Resolves when the client can take more; a client that reads nothing for long is given up. */
  #write(text: string): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed) throw new Error("the connection has ended");
    if (socket.write(text)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const done = (problem: Error | null) => {
        clearTimeout(timer);
        socket.off("drain", drained).off("close", closed);
        if (problem === null) resolve();
        else reject(problem);
      };
      const drained = () => done(null);
      const closed = () => done(new Error("the connection has ended"));
      const timer = setTimeout(() => {
        socket.destroy();
        done(new Error("the client does not read its answer"));
      }, this.#host.limits.stalledMs).unref();
      socket.on("drain", drained).on("close", closed);
    });
  }

  #expect(ms: number, otherwise: string): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#refuse(rejected(`${otherwise} within ${ms / 1000} s`)), ms).unref();
  }

  #refuse(error: UcbError): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    socket.write(errorAnswer(null, error));
    // Ends when the text is out; a client that does not even read that is cut off.
    socket.destroySoon();
    const timer = setTimeout(() => socket.destroy(), this.#host.limits.stalledMs).unref();
    socket.once("close", () => clearTimeout(timer));
  }
}

export function rejected(reason: string): UcbError {
  return new UcbError("ERR_UCB_BRIDGE", reason);
}

/** A token at the very beginning of a line that has not ended: what tells a client with much to say from a stranger. */
function leadingToken(head: string): string | null {
  return /^\s*\{\s*"token"\s*:\s*"([^"\\]*)"/.exec(head)?.[1] ?? null;
}

function parseRequest(line: string): BridgeRequest & { token: string } {
  let request: unknown;
  try {
    request = JSON.parse(line);
  } catch {
    throw rejected("a request is one line of JSON, and this is none");
  }
  if (!isRecord(request)) throw rejected("a request is a JSON object");
  const { token, id = null, method, params = {} } = request;
  if (typeof token !== "string") throw rejected("a request needs its token");
  if (typeof method !== "string") throw rejected("a request needs its method");
  if (!isRecord(params)) throw rejected("the parameters of a request are a JSON object");
  if (id !== null && typeof id !== "string" && typeof id !== "number") throw rejected("an id is a text or a number");
  return { token, id, method, params };
}
