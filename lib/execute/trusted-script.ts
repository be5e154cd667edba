import { lstat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Callback } from "../config/configuration.js";
import { PathGuard } from "../config/permissions.js";
import { UcbError } from "../errors.js";
import { type Finding, Findings } from "./findings.js";

/** A file that nobody but root and this user may change. */
export interface TrustedScript {
  /** Absolute, with links resolved. */
  path: string;
  /** The groups that may write to it or to a folder above, since they have no other members. */
  groups: readonly number[];
  /** Whether the program finds the file, as what was checked, opened as its descriptor 3. */
  passed?: boolean;
}

/** Where a program finds the script that it is to run. */
export const scriptDescriptor = 3;

/** Account files are read once for each callback; the launcher looks at the script itself again for every run. */
const scripts = new Findings(lookAt);

const groupWrite = 0o020;

/**
 * What the launcher checks of a callback's script before each run. A promise only where that was not found before.
 * @throws UcbError `ERR_UCB_LAUNCH` if others can change it
 */
export function trustedScript(callback: Callback): TrustedScript | Promise<TrustedScript> {
  return scripts.get(callback);
}

async function lookAt(callback: Callback): Promise<Finding<TrustedScript>> {
  const { path } = callback;
  const walked = await new PathGuard().walk(path);
  const [problem] = walked.problems;
  if (problem !== undefined) {
    throw new UcbError("ERR_UCB_LAUNCH", problem.message, { path: problem.path, hint: problem.hint });
  }
  // A cold Perl opens its script itself, by its path.
  const value = { path, groups: [...(await writingGroups(path))], passed: callback.language === "python" };
  // What cannot be found now is the launcher's to report, and may be there the next time.
  return { value, lasts: walked.path !== null };
}

async function writingGroups(path: string): Promise<Set<number>> {
  const groups = new Set<number>();
  for (let at = path; ; at = dirname(at)) {
    const stats = await lstat(at).catch(() => null);
    if (stats !== null && (stats.mode & groupWrite) !== 0) groups.add(stats.gid);
    if (at === "/") return groups;
  }
}
