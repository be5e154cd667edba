import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Bridge } from "../bridge/bridge.js";
import type { Configuration } from "../config/configuration.js";
import { SiteWatch } from "../config/site-watch.js";
import { Launcher } from "../execute/launcher.js";
import type { ScriptRoom } from "../execute/script.js";
import { WarmInterpreters } from "../execute/warm.js";
import { Journal } from "../journal/journal.js";
import type { StoredState } from "../journal/records.js";
import { watchedPaths } from "./current-site.js";
import type { EngineOptions } from "./engine-options.js";
import { loadSite } from "./load-site.js";
import { type RecoveredRun, recoverRuns } from "./recovery.js";

/** What an engine is built of, and what of it must be waited for. */
export interface EngineParts {
  configuration: Configuration;
  script: ScriptRoom;
  /** Null without `watch`. */
  watch: SiteWatch | null;
  /** Null without `state`. */
  stored: StoredParts | null;
}

/** What an engine before has left. */
export interface StoredParts extends Pick<StoredState, "jobs" | "memories" | "times"> {
  journal: Journal;
  runs: RecoveredRun[];
}

/** @throws UcbError as `CallbackEngine.open` says; nothing stays open then */
export async function prepareEngine(options: EngineOptions): Promise<EngineParts> {
  const since = Date.now();
  // The first date that is written has V8 look for the time zone, for 10 to 30 ms: better now than when a run ends.
  void new Date(since).toISOString();
  const { configuration, interpreters } = await loadSite(options);
  const paths = watchedPaths(options, configuration);
  const watch = options.watch === true ? await SiteWatch.start(paths, { since }) : null;
  const logPath = options.logPath ?? configuration.qbConf.logPath;
  const { state, killAfterMs = 5000, retention = {}, environment = { ...process.env } } = options;
  let journal: Journal | null = null;
  try {
    if (state !== undefined) journal = await Journal.open(state, { retention });
    const bridge = await Bridge.open(state === undefined ? {} : { directory: join(state, "bridge") });
    try {
      const launcher = new Launcher({ startingAtOnce: availableParallelism() + 1 });
      const warm = new WarmInterpreters(launcher, options.warm);
      return {
        configuration,
        watch,
        stored: journal === null ? null : storedParts(journal, logPath),
        script: { launcher, warm, bridge, interpreters, logPath, killAfterMs, environment, durable: journal !== null },
      };
    } catch (error) {
      await bridge.close();
      throw error;
    }
  } catch (error) {
    watch?.close();
    await journal?.close();
    throw error;
  }
}

function storedParts(journal: Journal, logPath: string): StoredParts {
  const { runs, jobs, memories, times } = journal.takeState();
  return { journal, jobs, memories, times, runs: recoverRuns(runs, logPath) };
}
