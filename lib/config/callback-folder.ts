import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type CallbackFolder, isInside } from "./callback-file.js";
import { languageOf } from "./callback-name.js";
import type { Diagnostic } from "./diagnostic.js";
import type { DiagnosticCode } from "./diagnostic-codes.js";
import type { PathGuard } from "./permissions.js";
import { error, type Place, wholeFile } from "./place.js";
import { readTextFile } from "./read-text-file.js";
import { shellWord } from "./shell-word.js";
import { systemReason } from "./system-reason.js";

export const callbacksConf = "callbacks.conf";

/** A callback directory and its `callbacks.conf`, or why they cannot be used. */
export type OpenedFolder = { folder: CallbackFolder; text: string } | { folder: null; diagnostics: Diagnostic[] };

/**
 * Checks a callback directory and reads its `callbacks.conf`.
 * @param path absolute
 * @param place where the directory is named
 * @param unnamed why it is read where nobody named it, for those who wonder that it is missing
 */
export async function openCallbackFolder(
  path: string,
  place: Place,
  guard: PathGuard,
  unnamed: string | null = null,
): Promise<OpenedFolder> {
  const refuse = (code: DiagnosticCode, message: string, hint: string): OpenedFolder => ({
    folder: null,
    diagnostics: [error(code, place, message, hint)],
  });
  const walked = await guard.walk(path);
  if (walked.path === null) {
    const reason = systemReason(walked);
    if (walked.errno === "ENOENT") {
      const hint =
        unnamed === null
          ? `create it with a ${callbacksConf} in it, or name another directory`
          : `${unnamed}, so the default directory is read; name another one: ucb check DIR`;
      return refuse("ERR_UCB_DIRECTORY_MISSING", `there is no directory ${path}`, hint);
    }
    return walked.errno === "ENOTDIR"
      ? refuse("ERR_UCB_DIRECTORY_KIND", `${walked.at} is not a directory`, "name a directory")
      : refuse("ERR_UCB_DIRECTORY_UNREADABLE", `${path} cannot be read: ${reason}`, readableHint(path));
  }
  if (!walked.stats.isDirectory()) {
    return refuse(
      "ERR_UCB_DIRECTORY_KIND",
      `${path} is not a directory`,
      `name the directory that holds ${callbacksConf}`,
    );
  }
  if (walked.problems.length > 0) {
    return {
      folder: null,
      diagnostics: walked.problems.map(({ code, message, hint }) => error(code, place, message, hint)),
    };
  }
  let names: string[];
  try {
    names = await readdir(walked.path);
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code ?? "EIO";
    const reason = systemReason({ errno, at: path });
    return refuse("ERR_UCB_DIRECTORY_UNREADABLE", `${path} cannot be read: ${reason}`, readableHint(path));
  }
  const callbackFiles = names.filter((name) => languageOf(name) !== undefined);
  return openConf({ path, realPath: walked.path, callbackFiles }, names, guard);
}

async function openConf(folder: CallbackFolder, names: readonly string[], guard: PathGuard): Promise<OpenedFolder> {
  const file = join(folder.path, callbacksConf);
  const refuse = (...diagnostics: Diagnostic[]): OpenedFolder => ({ folder: null, diagnostics });
  const walked = await guard.walk(callbacksConf, folder.realPath);
  const end = walked.path ?? walked.at;
  const whole = wholeFile(file);
  if (!isInside(end, folder.realPath)) {
    const message = `${callbacksConf} is a link that leads out of its directory, to ${end}`;
    return refuse(error("ERR_UCB_CALLBACKS_CONF_LINK", whole, message, "put a copy in place of the link"));
  }
  if (walked.path === null && walked.errno === "ENOENT") {
    const similar = names.find((name) => name.toLowerCase().startsWith("callback") && name.endsWith(".conf"));
    const hint =
      similar === undefined ? "create it with lines such as checkWork.pl = done-work-self-*" : `rename ${similar}`;
    return refuse(error("ERR_UCB_CALLBACKS_CONF_MISSING", whole, `${folder.path} has no ${callbacksConf}`, hint));
  }
  const unreadable = (reason: string) =>
    refuse(
      error(
        "ERR_UCB_CALLBACKS_CONF_UNREADABLE",
        whole,
        `${callbacksConf} cannot be read: ${reason}`,
        readableHint(file),
      ),
    );
  if (walked.path === null) return unreadable(systemReason(walked));
  if (walked.problems.length > 0) {
    return refuse(...walked.problems.map(({ code, message, hint }) => error(code, whole, message, hint)));
  }
  const content = await readTextFile(walked.path);
  if (content.text === null) return unreadable(content.reason);
  if (content.fault === null) return { folder, text: content.text };
  const place = { file, length: 1, ...content.fault };
  return refuse(error("ERR_UCB_CALLBACKS_CONF_ENCODING", place, "this is not UTF-8", "store the file as UTF-8"));
}

function readableHint(path: string): string {
  return `let the user who runs callbacks read it: ls -ld ${shellWord(path)}`;
}
