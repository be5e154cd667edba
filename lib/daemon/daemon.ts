import type { CallbackEngine } from "../engine/callback-engine.js";
import type { UcbError } from "../errors.js";
import { ControlSocket } from "./control-socket.js";
import { Desk } from "./desk.js";
import { EventIntake } from "./event-intake.js";
import { Followers } from "./followers.js";
import { HttpFace, type HttpOptions } from "./http-face.js";
import { Metrics } from "./metrics.js";
import type { Recording } from "./recording.js";
import { RunLog } from "./run-log.js";

export interface DaemonOptions {
  /** Absolute path of the control socket. */
  socket: string | null;
  /** The number of a group whose members may use it, too. */
  group?: number | undefined;
  http: HttpOptions | null;
  isDurable: boolean;
  /** Where the events are written down that are taken; null for nowhere. Not closed with the daemon. */
  recording: Recording | null;
  /** Whether whoever reads the outcomes is behind: events wait for him, see {@link Daemon.caughtUp}. */
  isBehind: () => boolean;
  version: string;
  /** Told of clients that are turned or sent away. */
  trouble: (error: UcbError) => void;
}

/** An engine that others can reach: reports come in over its socket and over HTTP, and questions are answered. */
export class Daemon {
  readonly #intake: EventIntake;
  readonly #metrics: Metrics;
  readonly #faces: (ControlSocket | HttpFace)[] = [];
  #httpPort: number | null = null;

  private constructor(engine: CallbackEngine, { version, ...options }: DaemonOptions) {
    this.#intake = new EventIntake(engine, options);
    this.#metrics = new Metrics(engine, version, options.recording);
  }

  /** @throws UcbError `ERR_UCB_CONTROL` if it cannot listen where it is to be reached; nothing stays open then */
  static async open(engine: CallbackEngine, options: DaemonOptions): Promise<Daemon> {
    const daemon = new Daemon(engine, options);
    const log = await RunLog.of(engine);
    const room = {
      intake: daemon.#intake,
      desk: new Desk(engine, log, options),
      followers: new Followers(engine, options.trouble),
      metrics: () => daemon.#metrics.text(),
    };
    try {
      if (options.socket !== null) {
        daemon.#faces.push(
          await ControlSocket.open({ path: options.socket, group: options.group, turnedAway: options.trouble }, room),
        );
      }
      if (options.http !== null) {
        const face = await HttpFace.open(options.http, room);
        daemon.#httpPort = face.port;
        daemon.#faces.push(face);
      }
    } catch (error) {
      await daemon.close();
      throw error;
    }
    return daemon;
  }

  /** Where it listens for HTTP; null if it does not. */
  get httpPort(): number | null {
    return this.#httpPort;
  }

  /** Whoever reads the outcomes is not behind any more. */
  caughtUp(): void {
    this.#intake.look();
  }

  /** Takes no more events and questions. */
  async close(): Promise<void> {
    this.#intake.close();
    this.#metrics.close();
    await Promise.all(this.#faces.splice(0).map((face) => face.close()));
  }
}
