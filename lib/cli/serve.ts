import { Daemon } from "../daemon/daemon.js";
import type { HttpOptions } from "../daemon/http-face.js";
import type { Recording } from "../daemon/recording.js";
import { ServiceManager } from "../daemon/service-manager.js";
import type { CallbackEngine, CloseMode } from "../engine/callback-engine.js";
import type { CommandLog } from "./command-log.js";
import { count } from "./count.js";
import type { EngineSession } from "./engine-session.js";
import { exitCodes } from "./exit-codes.js";
import { groupNumber } from "./group-number.js";
import { packageVersion } from "./package-version.js";

export interface ServeOptions {
  socket?: string;
  group?: string;
  http?: HttpOptions;
  state?: string;
  onStop: CloseMode;
  recording: Recording | null;
  /** What else events are read from: `read` resolves to whether there was nothing, or all of it was read. */
  input: { read(): Promise<boolean>; stop(): void };
}

/** Serves until it is told to stop; returns the exit code. */
export async function serve({ engine, output, log, onStop }: EngineSession, options: ServeOptions): Promise<number> {
  const { socket = null, http = null, state, recording, input } = options;
  const isBehind = () => output.full;
  const daemon = await Daemon.open(engine, {
    ...{ socket, http, version: packageVersion(), isDurable: state !== undefined, recording, isBehind },
    trouble: (error) => log.warn(error.message, { code: error.code }),
    group: options.group === undefined ? undefined : await groupNumber(options.group),
  });
  const { onChange } = output;
  output.onChange = () => {
    onChange();
    daemon.caughtUp();
  };
  const manager = new ServiceManager();
  const ready = () =>
    manager.ready(`${count(engine.callbacks.length, "callback")} of ${engine.directories.join(", ")}`);
  const reload = () => {
    manager.reloading();
    void reloadNow(engine, log).finally(ready);
  };
  process.on("SIGHUP", reload);
  try {
    const about = { version: packageVersion(), callbacks: engine.callbacks.length, directories: engine.directories };
    if (socket !== null) log.info(`listening on ${socket}`, { socket, ...about });
    if (http !== null) log.info(`listening on http://${http.host}:${daemon.httpPort}`, { http, ...about });
    ready();
    const stopped = new Promise<null>((resolve) => {
      onStop(() => {
        input.stop();
        resolve(null);
      });
    });
    const wasRead = await Promise.race([input.read(), stopped]);
    await stopped;
    manager.stopping();
    await daemon.close();
    // Waiting can still be cut short by a second signal.
    if (options.onStop === "wait") await engine.idle();
    else await engine.close({ running: options.onStop });
    return wasRead === false ? exitCodes.no : exitCodes.good;
  } finally {
    process.off("SIGHUP", reload);
    manager.close();
    await daemon.close();
  }
}

/** Whoever asks for it by a signal has nothing but the log to see what came of it. */
async function reloadNow(engine: CallbackEngine, log: CommandLog): Promise<void> {
  let isTaken = false;
  const taken = () => {
    isTaken = true;
  };
  engine.on("configuration", taken);
  try {
    const { generation } = await engine.reload();
    if (!isTaken) log.info(`nothing is different: configuration ${generation} still holds`, { generation });
  } catch (error) {
    log.error(error);
    log.info("the configuration before still holds");
  } finally {
    engine.off("configuration", taken);
  }
}
