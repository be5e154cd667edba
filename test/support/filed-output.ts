import { readFileSync } from "node:fs";
import type { Run } from "../../lib/index.js";

/** What a run has printed, out of its job's log. */
export function filedOutput(run: Run | undefined): string {
  if (run === undefined || run.log === null) throw new Error("there is no such run, or it has no log");
  const text = readFileSync(run.log, "latin1");
  const header = text.indexOf(`=== run ${run.id} `);
  const trailer = text.indexOf(`=== end ${run.id} `);
  if (header < 0 || trailer < header) throw new Error(`run ${run.id} is not in ${run.log}`);
  return text.slice(text.indexOf("\n", header) + 1, trailer);
}
