import { timingSafeEqual } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { asUcbError, UcbError } from "../errors.js";
import type { Run } from "../execute/run.js";
import { RandomBytes } from "../random-bytes.js";
import {
  BridgeConnection,
  type Client,
  type Connection,
  type ConnectionHost,
  type ConnectionLimits,
  rejected,
  usualLimits,
} from "./connection.js";
import { makePrivateDirectory, type PrivateDirectory, takePrivateDirectory } from "./private-directory.js";
import { answerRequest, type BridgeHandler, type BridgeRequest } from "./request.js";

/** What a callback needs to ask: `UCB_SOCKET` and `UCB_TOKEN`. */
export interface Access {
  /** Absolute path of a unix socket. */
  socket: string;
  /** Known to one run only; a secret. */
  token: string;
}

export interface BridgeOptions {
  /** Where the socket's private folder is made; default `$XDG_RUNTIME_DIR`, or the folder for temporary files. */
  base?: string;
  /**
   * The private folder itself, instead of one made below `base`, for a socket that is found at the same place after a
   * crash. Nobody else may use it.
   */
  directory?: string;
  limits?: Partial<ConnectionLimits>;
}

interface Grant extends Client {
  run: Run;
  secret: Buffer;
}

/** Connections of one run at once; one a process is what the `qb` modules need. */
const connectionsOfRun = 64;
/** Connections that have not shown a token; beyond, the oldest gives way, so that nobody can fill all places. */
const strangers = 64;

/**
 * Where running callbacks ask their supervisor: a unix socket in a folder that only this user can enter, and a secret
 * for each run. It keeps no event loop alive.
 */
export class Bridge {
  readonly #host: ConnectionHost<Grant>;
  readonly #server: Server;
  readonly #directory: PrivateDirectory;
  readonly #random = new RandomBytes();
  /** By the run's id, which is no secret. */
  readonly #grants = new Map<string, Grant>();
  readonly #connections = new Set<Connection>();
  /** In the order in which they came. */
  readonly #strangers = new Set<Connection>();
  #handler: BridgeHandler | null = null;
  #closing: Promise<void> | null = null;

  private constructor(directory: PrivateDirectory, limits: ConnectionLimits) {
    this.#host = {
      limits,
      admit: (token, connection) => this.#admit(token, connection),
      answer: (request, grant) => this.#answer(request, grant),
    };
    this.#directory = directory;
    // Half-open: a client may end its side and still wait for the answer.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    // A connection that cannot be taken, for want of file descriptors say, is the client's loss only.
    this.#server.on("error", () => undefined);
  }

  /**
   * Listens; requests are refused until {@link serve} says who answers them.
   * @throws UcbError `ERR_UCB_BRIDGE` if there is no safe place for the socket
   */
  static async open(options: BridgeOptions = {}): Promise<Bridge> {
    const directory =
      options.directory === undefined
        ? await makePrivateDirectory(options.base)
        : await takePrivateDirectory(options.directory);
    const bridge = new Bridge(directory, { ...usualLimits, ...options.limits });
    try {
      await bridge.#listen();
    } catch (error) {
      await directory.remove();
      throw asUcbError(error, "ERR_UCB_BRIDGE", "the callbacks' socket could not be opened");
    }
    return bridge;
  }

  /** Lets `handler` answer from now on. */
  serve(handler: BridgeHandler): void {
    this.#handler = handler;
  }

  /**
   * Lets a run ask, until {@link revoke}. A second grant to the same run replaces the first.
   * @throws UcbError `ERR_UCB_CLOSED` after {@link close}
   */
  grant(run: Run): Access {
    const secret = this.#random.take(32);
    this.#letIn(run, secret);
    return { socket: this.#directory.socket, token: `${run.id}.${secret.toString("base64url")}` };
  }

  /** Lets a run ask with the token that an earlier bridge at the same place has given it. */
  restore(run: Run, token: string): void {
    this.#letIn(run, secretOf(token));
  }

  /** Ends what was granted, connections included; nothing happens if nothing was. */
  revoke(run: Pick<Run, "id">): void {
    const grant = this.#grants.get(run.id);
    this.#grants.delete(run.id);
    for (const connection of grant?.connections ?? []) connection.destroy();
  }

  /** Ends all connections and removes the socket. Safe to call more than once. */
  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#grants.clear();
    for (const connection of this.#connections) connection.destroy();
    await closed;
    await this.#directory.remove();
  }

  #letIn(run: Run, secret: Buffer): void {
    if (this.#closing !== null) throw new UcbError("ERR_UCB_CLOSED", "the bridge is closed: no run can be let in");
    this.revoke(run);
    this.#grants.set(run.id, { run, secret, connections: new Set(), pending: 0 });
  }

  #admit(token: string, connection: Connection): Grant {
    const grant = this.#grantOf(token);
    if (!grant.connections.has(connection) && grant.connections.size >= connectionsOfRun) {
      throw rejected(`the run has ${connectionsOfRun} connections already`);
    }
    this.#strangers.delete(connection);
    return grant;
  }

  async #answer(request: BridgeRequest, { run }: Grant): Promise<unknown> {
    if (this.#handler === null) throw rejected("there is no supervisor to ask yet");
    return await answerRequest(request, this.#handler, run);
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#directory.socket, () => {
        this.#server.off("error", reject);
        this.#server.unref();
        resolve();
      });
    });
  }

  #accept(socket: Socket): void {
    const connection = new BridgeConnection(socket, this.#host);
    const [oldest] = this.#strangers;
    if (oldest !== undefined && this.#strangers.size >= strangers) {
      this.#strangers.delete(oldest);
      oldest.destroy();
    }
    this.#connections.add(connection);
    this.#strangers.add(connection);
    socket.once("close", () => {
      this.#connections.delete(connection);
      this.#strangers.delete(connection);
    });
    void connection.serve();
  }

  #grantOf(token: string): Grant {
    const grant = this.#grants.get(token.slice(0, token.lastIndexOf(".")));
    const shown = secretOf(token);
    // Compared in a time that tells nothing of how much of it was right.
    if (grant !== undefined && shown.length === grant.secret.length && timingSafeEqual(shown, grant.secret))
      return grant;
    throw rejected("this token lets nobody ask: the run it was given to has ended, or it never was one");
  }
}

function secretOf(token: string): Buffer {
  return Buffer.from(token.slice(token.lastIndexOf(".") + 1), "base64url");
}
