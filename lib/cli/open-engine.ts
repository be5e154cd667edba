import type { CallbackEngine } from "../engine/callback-engine.js";
import type { RunningOptions } from "./common-options.js";
import { complain, note } from "./complaint.js";
import { checkLogFolder } from "./log-folder.js";
import { errorsOf, isUsable, readSite, showDiagnostics } from "./site.js";
import { spanOfTime } from "./span-of-time.js";

/**
 * An engine for the site, or null if the site cannot be used. Says on stderr what is wrong (with `warnings` also what is
 * doubtful), and later what no run's outcome shows.
 * @throws UcbError if output cannot be filed or there is no native addon
 */
export async function openEngine(
  directories: readonly string[],
  options: RunningOptions & { warnings: boolean },
): Promise<CallbackEngine | null> {
  const configuration = await readSite(directories, options);
  // Only here: what merely reads a configuration shall work, and start, without the native addon.
  const { CallbackEngine } = await import("../engine/callback-engine.js");
  const logPath = options.logpath ?? configuration.qbConf.logPath;
  const engine = await CallbackEngine.open({ configuration, logPath });
  try {
    showDiagnostics(options.warnings ? engine.diagnostics : errorsOf(engine.diagnostics), options.color);
    const verdict = isUsable(configuration, engine.diagnostics, options);
    if (!verdict.usable) {
      complain(verdict.reason, options.color);
      await engine.close();
      return null;
    }
    if (engine.callbacks.length > 0) await checkLogFolder(logPath);
  } catch (error) {
    await engine.close();
    throw error;
  }
  engine.on("problem", (error) => complain(error, options.color));
  engine.on("slow", (run) => {
    const elapsed = Date.now() - (run.startedAt ?? run.queuedAt);
    const unit = elapsed < 10_000 ? 100 : 1000;
    const span = spanOfTime(Math.round(elapsed / unit) * unit);
    note(`${run.callback} for job ${run.jobId} is still running after ${span}, a third of its timeout (run ${run.id})`);
  });
  return engine;
}
