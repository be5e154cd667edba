import type { Configuration } from "../config/configuration.js";
import { type Diagnostic, errorsOf } from "../config/diagnostic.js";
import { loadConfiguration } from "../config/load-configuration.js";
import { renderDiagnostic } from "../config/render-diagnostic.js";
import { type SiteOptions, toAbsolute } from "./common-options.js";
import { complain, note } from "./complaint.js";
import { count } from "./count.js";
import { terminalOf } from "./terminal.js";

/** Reads the directories that were named, or else those of `qb.conf`. */
export function readSite(directories: readonly string[], { qbConf, strict }: SiteOptions): Promise<Configuration> {
  return loadConfiguration({
    ...(qbConf === undefined ? {} : { qbConf }),
    ...(directories.length === 0 ? {} : { directories: directories.map(toAbsolute) }),
    strict: strict === true,
  });
}

/** Reads the site as {@link readSite} does; says why and gives null if it cannot be used. */
export async function readUsableSite(
  directories: readonly string[],
  options: SiteOptions,
): Promise<Configuration | null> {
  const configuration = await readSite(directories, options);
  const { diagnostics } = configuration;
  const verdict = isUsable(configuration, diagnostics, options);
  if (verdict.usable) return configuration;
  showDiagnostics(errorsOf(diagnostics), options.color);
  complain(verdict.reason, options.color);
  return null;
}

/** Says that something was left out, where that is not part of the answer. */
export function noteErrors({ diagnostics }: Pick<Configuration, "diagnostics">): void {
  const errors = errorsOf(diagnostics).length;
  if (errors > 0) note(`${count(errors, "error")} in the configuration: \`ucb check\` shows what is left out and why`);
}

/**
 * Whether the site can be used: with `--strict` only if nothing is wrong, and never if errors have left nothing of it.
 * Says why not.
 */
export function isUsable(
  { callbacks }: Pick<Configuration, "callbacks">,
  diagnostics: readonly Diagnostic[],
  { strict }: SiteOptions,
): { usable: true } | { usable: false; reason: string } {
  const errors = errorsOf(diagnostics).length;
  if (errors === 0) return { usable: true };
  const found = count(errors, "error");
  if (strict === true) return { usable: false, reason: `${found} in the configuration, and --strict was given` };
  if (callbacks.length === 0)
    return { usable: false, reason: `${found} in the configuration, and no callback is left` };
  return { usable: true };
}

/** Shows what is wrong or doubtful on stderr, where it is not the answer itself. */
export function showDiagnostics(diagnostics: readonly Diagnostic[], color?: boolean): void {
  const terminal = terminalOf(process.stderr, color);
  for (const diagnostic of diagnostics) {
    process.stderr.write(`${renderDiagnostic(diagnostic, { color: terminal.color }).trimEnd()}\n`);
  }
}
