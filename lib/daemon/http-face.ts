import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { asUcbError, type ErrorCode, UcbError } from "../errors.js";
import type { ControlRoom } from "./control-connection.js";
import { LineServer } from "./line-server.js";
import { parseQuestion, type Question } from "./question.js";
import { errorLine } from "./wire.js";

export interface HttpOptions {
  host: string;
  /** 0 for any. */
  port: number;
}

/** What an HTTP face needs beyond what the control socket needs. */
export interface HttpRoom extends ControlRoom {
  /** In the text format of Prometheus. */
  metrics(): Promise<string>;
}

/** Clients at once; more are turned away. */
const mostConnections = 1024;

const ndjson = { "content-type": "application/x-ndjson; charset=utf-8" };

/**
 * The daemon over HTTP, for those who cannot reach its socket. It knows no users: whoever can connect may do everything, so it
 * listens only where it is told to.
 *
 * `POST /events` takes events, a line each, and answers a line for each; `GET /status`, `/runs`, `/runs/ID`, `/runs/ID/log`,
 * `/pending` and `/explain?event=EVENT` answer questions; `POST /reload` reloads; `GET /follow` tells what happens; `GET /metrics` and `/healthz` are for
 * those who watch.
 */
export class HttpFace {
  readonly #server: Server;
  readonly #room: HttpRoom;
  readonly #host: string;

  private constructor(host: string, room: HttpRoom) {
    this.#host = host;
    this.#room = room;
    // A supervisor may report all its events with one request that never ends.
    this.#server = createServer({ requestTimeout: 0 }, (request, response) => void this.#serve(request, response));
    this.#server.maxConnections = mostConnections;
  }

  /** @throws UcbError `ERR_UCB_CONTROL` if it cannot listen there */
  static async open({ host, port }: HttpOptions, room: HttpRoom): Promise<HttpFace> {
    const face = new HttpFace(host, room);
    try {
      await new Promise<void>((resolve, reject) => {
        face.#server.once("error", reject);
        face.#server.listen(port, host, resolve);
      });
    } catch (error) {
      throw listenError(error as NodeJS.ErrnoException, host, port);
    }
    return face;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(request, response);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else refuse(response, asUcbError(error, "ERR_UCB_INPUT", ""));
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://daemon");
    this.#refusePages(request);
    const path = `${request.method} ${url.pathname}`;
    if (path === "POST /events") return await this.#takeEvents(request, response);
    if (path === "GET /follow") return this.#follow(response);
    if (path === "GET /metrics")
      return void response.setHeader("content-type", "text/plain; version=0.0.4").end(await this.#room.metrics());
    if (path === "GET /healthz") return void response.setHeader("content-type", "text/plain").end("ok\n");
    const question = questionOf(path, url.searchParams);
    if (question === null || question.ask === "follow") return notFound(response, path);
    const answer = await this.#room.desk.answer(question);
    response.setHeader("content-type", "application/json; charset=utf-8").end(`${JSON.stringify(answer)}\n`);
  }

  /** A browser that was lured here says so, or has been told another name for this machine. */
  #refusePages({ headers: { origin, host = "" } }: IncomingMessage): void {
    const name = host.replace(/:[0-9]*$/, "").toLowerCase();
    const isOurs = isLocal(name) || name === this.#host.toLowerCase() || !isLocal(this.#host);
    if (origin !== undefined || !isOurs) throw new UcbError("ERR_UCB_INPUT", "requests of web pages are not taken");
  }

  async #takeEvents(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.writeHead(200, ndjson);
    const answer = () => Promise.reject(new UcbError("ERR_UCB_INPUT", "only events are taken here"));
    await new LineServer({ intake: this.#room.intake, answers: response, answer }).serve(request);
    response.end();
  }

  #follow(response: ServerResponse): void {
    response.writeHead(200, ndjson);
    response.flushHeaders();
    const unfollow = this.#room.followers.add(response);
    response.once("close", unfollow);
  }
}

/** Why nobody can be served there, where the system's own words do not say it. */
const listenReasons: Readonly<Record<string, { reason: string; hint: string }>> = {
  EADDRINUSE: { reason: "the port is in use", hint: "stop what listens there, or name another port with --http" },
  EACCES: { reason: "the port is for root", hint: "name a port from 1024 on with --http" },
  EADDRNOTAVAIL: { reason: "this machine has no such address", hint: "name one that it has with --http" },
  ENOTFOUND: { reason: "there is no such host", hint: "name an address of this machine with --http" },
};

function listenError(error: NodeJS.ErrnoException, host: string, port: number): UcbError {
  const where = host.includes(":") ? `[${host}]` : host;
  const context = `nothing can be served at http://${where}:${port}`;
  const known = listenReasons[error.code ?? ""];
  if (known === undefined) return asUcbError(error, "ERR_UCB_CONTROL", context);
  const { reason, hint } = known;
  return new UcbError("ERR_UCB_CONTROL", `${context}: ${reason}`, { cause: error, errno: error.code, hint });
}

/** Whether a name means this machine, and nothing else, whoever is asked. */
function isLocal(name: string): boolean {
  return name === "" || name === "localhost" || name === "[::1]" || name === "::1" || /^127(\.[0-9]+){3}$/.test(name);
}

function questionOf(path: string, search: URLSearchParams): Question | null {
  const fields = Object.fromEntries(
    [...search].map(([name, value]) => [name, /^\d+$/.test(value) ? Number(value) : value] as const),
  );
  const [, id, log] = /^GET \/runs\/([^/]+)(\/log)?$/.exec(path) ?? [];
  if (id !== undefined) return { ask: log === undefined ? "run" : "log", run: decodeURIComponent(id) };
  switch (path) {
    case "GET /status":
      return { ask: "status" };
    case "GET /runs":
      return parseQuestion({ ...fields, ask: "runs" });
    case "GET /pending":
      return parseQuestion({ ...fields, ask: "pending" });
    case "GET /explain":
      return parseQuestion({ ask: "explain", of: { event: search.get("event") } });
    case "POST /reload":
      return { ask: "reload" };
    default:
      return null;
  }
}

/** Of errors that say something else than that we failed. */
const statuses: Partial<Record<ErrorCode, number>> = {
  ERR_UCB_INPUT: 400,
  ERR_UCB_EVENT: 400,
  ERR_UCB_UNKNOWN_RUN: 404,
  ERR_UCB_CONFIG: 409,
};

function refuse(response: ServerResponse, error: UcbError): void {
  response
    .writeHead(statuses[error.code] ?? 500, { "content-type": "application/json; charset=utf-8" })
    .end(`${JSON.stringify(errorLine(0, error))}\n`);
}

function notFound(response: ServerResponse, path: string): void {
  refuse(response, new UcbError("ERR_UCB_INPUT", `there is nothing at ${path}`));
}
