import { chmod, chown, lstat, stat, unlink } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { asUcbError, UcbError } from "../errors.js";
import { knock, longestSocketPath } from "../unix-socket.js";
import { ControlConnection, type ControlRoom } from "./control-connection.js";

export interface ControlSocketOptions {
  /** Absolute path. */
  path: string;
  /** Members of this group may use it, too; its number. */
  group?: number | undefined;
  /** Told when clients begin to be turned away. */
  turnedAway: (error: UcbError) => void;
}

/** Clients at once; more are turned away. */
const mostConnections = 1024;
/** Below, it is news again that some are turned away; a few places that become free and are taken again are none. */
const roomyConnections = 900;

/** Where a daemon takes events and questions: a unix socket of its owner's alone, unless a group is let in. */
export class ControlSocket {
  readonly #server: Server;
  readonly #path: string;
  readonly #connections = new Set<Socket>();
  #isFull = false;

  private constructor({ path, turnedAway }: ControlSocketOptions, room: ControlRoom) {
    this.#path = path;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket, room));
    this.#server.maxConnections = mostConnections;
    this.#server.on("drop", () => {
      if (this.#isFull) return;
      this.#isFull = true;
      const message = `${mostConnections} clients are connected to ${path}: more are turned away`;
      turnedAway(new UcbError("ERR_UCB_CONTROL", message, { path }));
    });
  }

  /**
   * Listens. A socket that nobody listens on any more is taken away first.
   * @throws UcbError `ERR_UCB_CONTROL` if another daemon listens there, something else is there, or it cannot be made
   */
  static async open(options: ControlSocketOptions, room: ControlRoom): Promise<ControlSocket> {
    const { path, group } = options;
    if (Buffer.byteLength(path) > longestSocketPath) {
      throw new UcbError(
        "ERR_UCB_CONTROL",
        `${path} is too long a path for a socket: at most ${longestSocketPath} bytes`,
        {
          path,
        },
      );
    }
    await makeRoom(path);
    const control = new ControlSocket(options, room);
    try {
      await control.#listen(group);
    } catch (error) {
      throw (
        (await folderProblem(path)) ??
        asUcbError(error, "ERR_UCB_CONTROL", `the control socket ${path} cannot be opened`)
      );
    }
    return control;
  }

  /** Takes no more clients, ends those there are, and removes the socket. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#connections) socket.destroy();
    await closed;
    await unlink(this.#path).catch(() => undefined);
  }

  async #listen(group: number | undefined): Promise<void> {
    // Made by the system with what the umask leaves: nobody else may come in between.
    const umask = process.umask(0o177);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once("error", reject);
        this.#server.listen(this.#path, () => {
          this.#server.off("error", reject);
          resolve();
        });
      });
    } finally {
      process.umask(umask);
    }
    this.#server.on("error", () => undefined);
    if (group === undefined) return;
    await chown(this.#path, -1, group);
    await chmod(this.#path, 0o660);
  }

  #accept(socket: Socket, room: ControlRoom): void {
    this.#connections.add(socket);
    socket.once("close", () => {
      this.#connections.delete(socket);
      if (this.#connections.size < roomyConnections) this.#isFull = false;
    });
    void new ControlConnection(socket, room).serve();
  }
}

/** What Node takes for a lack of permission: there is no folder that the socket could be in. */
async function folderProblem(path: string): Promise<UcbError | null> {
  const folder = dirname(path);
  const reason = await stat(folder).then(
    (facts) => (facts.isDirectory() ? null : `${folder} is no folder`),
    ({ code }: NodeJS.ErrnoException) => (code === "ENOENT" ? `there is no folder ${folder}` : null),
  );
  if (reason === null) return null;
  const hint = "make the folder first, or name another path with --socket";
  return new UcbError("ERR_UCB_CONTROL", `the control socket ${path} cannot be opened: ${reason}`, { path, hint });
}

async function makeRoom(path: string): Promise<void> {
  const facts = await lstat(path).catch(() => null);
  if (facts === null) return;
  if (!facts.isSocket()) {
    throw new UcbError("ERR_UCB_CONTROL", `${path} is there already and is no socket`, {
      path,
      hint: "name another path with --socket",
    });
  }
  if (await isAnswered(path)) {
    throw new UcbError("ERR_UCB_CONTROL", `another daemon listens on ${path}`, {
      path,
      hint: `\`ucb status --socket ${path}\` asks it; stop it, or name another path with --socket`,
    });
  }
  await unlink(path).catch(() => undefined);
}

async function isAnswered(path: string): Promise<boolean> {
  const answer = await knock(path);
  return answer !== "ECONNREFUSED" && answer !== "ENOENT";
}
