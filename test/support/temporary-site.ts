import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { CallbackEngine, type EngineOptions, type Run } from "../../lib/index.js";

/** A callback directory and a log folder of one test's own, removed when it ends. */
export interface TemporarySite {
  directory: string;
  logPath: string;
  path(file: string): string;
}

export function temporarySite(files: Record<string, string>): TemporarySite {
  const folder = mkdtempSync(join(tmpdir(), "ucb-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const directory = mkdtempSync(join(folder, "callback-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text, { mode: 0o644 });
  return { directory, logPath: join(folder, "log"), path: (file) => join(folder, file) };
}

/** An engine over a site, closed when the test ends, with all that it told. */
export async function openEngine(
  site: TemporarySite,
  options: EngineOptions = {},
): Promise<{ engine: CallbackEngine; told: Run[]; ended: Run[] }> {
  const engine = await CallbackEngine.open({ directories: [site.directory], logPath: site.logPath, ...options });
  onTestFinished(() => engine.close({ running: "terminate" }));
  const told: Run[] = [];
  const ended: Run[] = [];
  engine.on("run", (run) => {
    told.push(run);
    if (run.endedAt !== null) ended.push(run);
  });
  return { engine, told, ended };
}
