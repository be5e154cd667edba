import type { Supervisor } from "../bridge/supervisor.js";
import type { Configuration } from "../config/configuration.js";

/** What {@link CallbackEngine.open} takes; all of it may be left out. */
export interface EngineOptions {
  /** Path of a `qb.conf`; without it `/etc/qb.conf` is read if it exists. */
  qbConf?: string;
  /** Callback directories, instead of those `qb.conf` names; an empty list for functions alone. */
  directories?: readonly string[];
  /** A configuration that was loaded already, instead of `qbConf` and `directories`. */
  configuration?: Configuration;
  /** Where output is filed, instead of `supervisor_logpath`. Absolute. */
  logPath?: string;
  /** Answers callbacks and does what they ask. Without one, records that events carried are kept and actions only reported. */
  supervisor?: Supervisor;
  /** Runs at once; default 16 a processor. */
  maxRunning?: number;
  /** Between TERM and KILL of a run that missed its deadline, in milliseconds; default 5000. */
  killAfterMs?: number;
  /** Refuse to open if the configuration has any error, doubtful names included. */
  strict?: boolean;
  /**
   * A folder of the engine's own, made if it is missing, that keeps runs, attached jobs and what `&&` triggers remember:
   * the next engine with it goes on where this one ended, however it did. Absolute. Without it a crash forgets all.
   */
  state?: string;
  /** How long finished runs are kept in `state`: until either is reached. Default a week and 100,000 runs. */
  retention?: { ms?: number; runs?: number };
  /**
   * Take note of which events satisfy the terms of `&&` triggers, so that runs and `pending` can tell. Costs some
   * hundred bytes for each trigger that is half satisfied, and a microsecond for each event that one remembers.
   */
  trace?: boolean;
  /** Read the configuration again whenever its files change, and take it if nothing is wrong with it; see `reload`. */
  watch?: boolean;
  /**
   * Interpreters that scripts are forked from: after how many forks one is replaced (default 10,000), and after how many
   * milliseconds one that nobody needs is ended (default five minutes).
   */
  warm?: { forks?: number; idleMs?: number };
  /** Where PATH, HOME, LANG, TZ and QBDIR of callbacks come from; default the process's own, as they are when the engine is opened. */
  environment?: Readonly<Record<string, string | undefined>>;
}
