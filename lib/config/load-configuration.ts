import { resolve } from "node:path";
import { argumentError, isObject } from "../argument-error.js";
import { openCallbackFolder } from "./callback-folder.js";
import { readCallbacksConf } from "./callbacks-conf.js";
import type { Callback, Configuration } from "./configuration.js";
import { type Diagnostic, errorsOf } from "./diagnostic.js";
import { PathGuard } from "./permissions.js";
import { type Place, warning, wholeFile } from "./place.js";
import { type Environment, readQbConf } from "./qb-conf.js";

/** What {@link loadConfiguration} is to read. */
export interface LoadOptions {
  /** Path of a `qb.conf`, which must exist; without it `/etc/qb.conf` is read if it exists. */
  qbConf?: string | undefined;
  /** Callback directories, instead of those that `qb.conf` names; relative ones are resolved. */
  directories?: readonly string[] | undefined;
  /** Doubtful names in triggers are errors, and any error leaves no callback usable. */
  strict?: boolean | undefined;
  /** For `QBDIR`; default the process's own. */
  environment?: Environment | undefined;
}

/**
 * Reads `qb.conf` and the callback directories and finds every mistake in them. Never rejects for one: what is wrong is in
 * `diagnostics`.
 *
 * Without `strict`, whatever can be used is in `callbacks`, each one whole: one with an error in its name, its file or its
 * section is left out, and so is a trigger with an error where the file has others. With `strict` a
 * configuration is all or nothing: any error, anywhere, leaves `callbacks` empty; and a name in a trigger that looks
 * misspelt (`WARN_UCB_TRIGGER_NAME`) has the severity of an error, under the same code.
 * @throws UcbError `ERR_UCB_ARGUMENT` for an option that is not of its kind
 */
export async function loadConfiguration(options: LoadOptions = {}): Promise<Configuration> {
  checkLoadOptions(options);
  const { strict = false, environment = process.env } = options;
  const { qbConf, diagnostics, directoryPlaces, unnamed } = await readQbConf(options.qbConf, environment);
  const named = options.directories?.map((path) => resolve(path));
  const directories = named ?? qbConf.directories;
  const guard = new PathGuard();
  const callbacks: Callback[] = [];
  /** The directories that are in use, by where they really are. */
  const taken = new Map<string, string>();
  for (const [index, path] of directories.entries()) {
    const place: Place = (named === undefined ? directoryPlaces[index] : undefined) ?? wholeFile(path);
    const opened = await openCallbackFolder(path, place, guard, named === undefined ? unnamed : null);
    if (opened.folder === null) {
      diagnostics.push(...opened.diagnostics);
      continue;
    }
    const { folder, text } = opened;
    const other = taken.get(folder.realPath);
    if (other !== undefined) {
      const message = other === path ? `${path} is named twice` : `${path} and ${other} are the same directory`;
      diagnostics.push(warning("WARN_UCB_DIRECTORY_TWICE", place, message, "name it once"));
      continue;
    }
    taken.set(folder.realPath, path);
    const { languages, mail } = qbConf;
    const conf = await readCallbacksConf(text, { folder, index, languages, mail, guard });
    callbacks.push(...conf.callbacks);
    diagnostics.push(...conf.diagnostics);
  }
  const judged = strict ? diagnostics.map(judgeStrictly) : diagnostics;
  const isRefused = strict && errorsOf(judged).length > 0;
  return { directories, qbConf, callbacks: isRefused ? [] : callbacks, diagnostics: judged };
}

/** For callers who have no compiler to check them: a wrong option must not end in another site than the one that was meant. */
function checkLoadOptions(options: unknown): void {
  if (!isObject(options)) throw argumentError("options", "an object", options);
  const { qbConf, directories, strict, environment } = options;
  if (qbConf !== undefined && !isPath(qbConf)) throw argumentError("qbConf", "a path", qbConf);
  if (directories !== undefined) checkDirectories(directories);
  if (strict !== undefined && typeof strict !== "boolean") throw argumentError("strict", "true or false", strict);
  if (environment !== undefined && !isObject(environment)) throw argumentError("environment", "an object", environment);
}

function checkDirectories(directories: unknown): void {
  if (!Array.isArray(directories)) throw argumentError("directories", "a list of paths", directories);
  for (const path of directories) if (!isPath(path)) throw argumentError("each of directories", "a path", path);
}

function isPath(value: unknown): boolean {
  return typeof value === "string" && value !== "" && !value.includes("\0");
}

function judgeStrictly(diagnostic: Diagnostic): Diagnostic {
  return diagnostic.code === "WARN_UCB_TRIGGER_NAME" ? { ...diagnostic, severity: "error" } : diagnostic;
}
