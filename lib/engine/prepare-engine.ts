import { join } from "node:path";
import { Bridge } from "../bridge/bridge.js";
import type { Configuration } from "../config/configuration.js";
import type { Diagnostic } from "../config/diagnostic.js";
import { loadConfiguration } from "../config/load-configuration.js";
import { UcbError } from "../errors.js";
import { findInterpreters } from "../execute/find-interpreters.js";
import { Launcher } from "../execute/launcher.js";
import type { ScriptRoom } from "../execute/script.js";
import { Journal } from "../journal/journal.js";
import type { StoredState } from "../journal/records.js";
import type { EngineOptions } from "./engine-options.js";
import { type RecoveredRun, recoverRuns } from "./recovery.js";

/** What an engine is built of, and what of it must be waited for. */
export interface EngineParts {
  configuration: Configuration;
  script: ScriptRoom;
  /** Null without `state`. */
  stored: StoredParts | null;
}

/** What an engine before has left. */
export interface StoredParts extends Pick<StoredState, "jobs" | "memories"> {
  journal: Journal;
  runs: RecoveredRun[];
}

/** @throws UcbError as `CallbackEngine.open` says; nothing stays open then */
export async function prepareEngine(options: EngineOptions): Promise<EngineParts> {
  const loaded = options.configuration ?? (await loadConfiguration(options));
  const { interpreters, diagnostics } = await findInterpreters(loaded.callbacks);
  const configuration = { ...loaded, diagnostics: [...loaded.diagnostics, ...diagnostics] };
  if (options.strict === true) refuseErrors(configuration.diagnostics);
  const logPath = options.logPath ?? configuration.qbConf.logPath;
  const { state, killAfterMs = 5000, retention = {} } = options;
  const journal = state === undefined ? null : await Journal.open(state, { retention });
  try {
    const bridge = await Bridge.open(state === undefined ? {} : { directory: join(state, "bridge") });
    try {
      return {
        configuration,
        stored: journal === null ? null : storedParts(journal, logPath),
        script: { launcher: new Launcher(), bridge, interpreters, logPath, killAfterMs },
      };
    } catch (error) {
      await bridge.close();
      throw error;
    }
  } catch (error) {
    await journal?.close();
    throw error;
  }
}

function storedParts(journal: Journal, logPath: string): StoredParts {
  const { runs, jobs, memories } = journal.takeState();
  return { journal, jobs, memories, runs: recoverRuns(runs, logPath) };
}

function refuseErrors(diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const [first] = errors;
  if (first === undefined) return;
  const more = errors.length === 1 ? "" : ` (and ${errors.length - 1} more)`;
  throw new UcbError("ERR_UCB_CONFIG", `${first.message}${more}`, {
    file: first.file,
    line: first.line,
    column: first.column,
    hint: first.hint,
  });
}
