import { constants, type Stats } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { asUcbError } from "../errors.js";
import { quoted } from "../trigger/wording.js";
import type { Language } from "./configuration.js";
import type { Diagnostic } from "./diagnostic.js";
import type { DiagnosticCode } from "./diagnostic-codes.js";
import { didYouMean } from "./did-you-mean.js";
import type { Languages } from "./language-flags.js";
import type { PathGuard } from "./permissions.js";
import { error, type Place, placeIn, warning } from "./place.js";
import type { MailSettings } from "./qb-conf.js";
import { isForAdministrator, parseQcb, type QcbCode } from "./qcb.js";
import { readTextFile } from "./read-text-file.js";
import { shellWord } from "./shell-word.js";
import { splitLines } from "./split-lines.js";
import { systemReason } from "./system-reason.js";

/** A directory that was found fit to hold callbacks. */
export interface CallbackFolder {
  /** Absolute, as it was named. */
  path: string;
  /** With links resolved. */
  realPath: string;
  /** The names in it that have a callback's extension. */
  callbackFiles: readonly string[];
}

export interface FileRequest {
  folder: CallbackFolder;
  name: string;
  language: Language;
  /** Which languages are on. */
  languages: Languages;
  /** What mails are sent with. */
  mail: MailSettings;
  guard: PathGuard;
  /** Where the file is named. */
  place: Place;
}

/** The file that a callback names. It can be used if no diagnostic is an error. */
export interface CallbackFile {
  /** Absolute, with links resolved; null if it could not be found. */
  path: string | null;
  /** Those of a `.qcb` file, and its lines, for what is found in them later. */
  codes: readonly QcbCode[];
  lines: readonly string[];
  diagnostics: Diagnostic[];
}

/** Checks the file that a callback names, and reads it if it is a `.qcb` file. */
export async function checkCallbackFile(request: FileRequest): Promise<CallbackFile> {
  const target = await findTarget(request);
  if (target.path === null) return { path: null, codes: [], lines: [], diagnostics: [target.mistake] };
  const { path, diagnostics } = target;
  if (request.language === "qube") return readCodes(request, path, diagnostics);
  const reason = await whyUnreadable(path);
  if (reason !== null) diagnostics.push(unreadable(request, reason));
  return { path, codes: [], lines: [], diagnostics };
}

type Target = { path: string; diagnostics: Diagnostic[] } | { path: null; mistake: Diagnostic };

/** Follows the name to a regular file inside the directory. */
async function findTarget(request: FileRequest): Promise<Target> {
  const { folder, name, guard, place } = request;
  const walked = await guard.walk(name, folder.realPath);
  const end = walked.path ?? walked.at;
  const fail = (code: DiagnosticCode, message: string, hint: string): Target => ({
    path: null,
    mistake: error(code, place, message, hint),
  });
  if (!isInside(end, folder.realPath)) {
    const hint = "put a copy of the file into this directory in place of the link";
    return fail("ERR_UCB_CALLBACK_LINK", `${quoted(name)} is a link that leads out of its directory, to ${end}`, hint);
  }
  if (walked.path === null) {
    if (walked.errno !== "ENOENT") return { path: null, mistake: unreadable(request, systemReason(walked)) };
    const hint = didYouMean(name, folder.callbackFiles) ?? `create it, or remove the line`;
    const isLink = end !== join(folder.realPath, name);
    const message = isLink
      ? `${quoted(name)} is a link to ${end}, which does not exist`
      : `there is no file ${quoted(name)}`;
    return fail("ERR_UCB_CALLBACK_MISSING", `${message} in ${folder.path}`, hint);
  }
  if (!walked.stats.isFile()) {
    return fail("ERR_UCB_CALLBACK_KIND", `${quoted(name)} is ${kindOf(walked.stats)}`, "a callback is a regular file");
  }
  const diagnostics = walked.problems.map(({ code, message, hint }) => error(code, place, message, hint));
  return { path: walked.path, diagnostics };
}

async function readCodes(request: FileRequest, path: string, diagnostics: Diagnostic[]): Promise<CallbackFile> {
  const content = await readTextFile(path);
  if (content.text === null) {
    return { path, codes: [], lines: [], diagnostics: [...diagnostics, unreadable(request, content.reason)] };
  }
  const file = join(request.folder.path, request.name);
  const lines = splitLines(content.text);
  if (content.fault !== null) {
    const place = { file, length: 1, ...content.fault };
    const mistake = error("ERR_UCB_CALLBACK_ENCODING", place, "this is not UTF-8", "store the file as UTF-8");
    return { path, codes: [], lines, diagnostics: [...diagnostics, mistake] };
  }
  const { codes, diagnostics: found } = parseQcb(content.text, file);
  return { path, codes, lines, diagnostics: [...diagnostics, ...found, ...mailMistakes(request, file, codes, lines)] };
}

function mailMistakes(
  { languages, mail }: FileRequest,
  file: string,
  codes: readonly QcbCode[],
  lines: readonly string[],
): Diagnostic[] {
  return codes.flatMap(({ text, line, column, action }) => {
    if (action.kind !== "mail") return [];
    const place = placeIn(file, lines, { line, column, length: text.length });
    if (!languages.mail) {
      const hint = "add mail to supervisor_language_flags in qb.conf";
      const message = `${quoted(text)} sends mail, and the language mail is switched off`;
      return [error("ERR_UCB_QCB_LANGUAGE", place, message, hint)];
    }
    const missing = [
      ...(mail.host === null ? ["mail_host"] : []),
      ...(isForAdministrator(action.mail) && mail.administrator === null ? ["mail_administrator"] : []),
    ];
    if (missing.length === 0) return [];
    const message = `${quoted(text)} can send no mail: qb.conf sets no ${missing.join(" and no ")}`;
    const hint = `write ${missing.map((key) => `"${key} = …"`).join(" and ")} in qb.conf`;
    return [warning("WARN_UCB_QCB_MAIL", place, message, hint)];
  });
}

/** Whether a path without links is a directory or somewhere below it. */
export function isInside(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}

function unreadable({ folder, name, place }: FileRequest, reason: string): Diagnostic {
  const hint = `let the user who runs callbacks read it: ls -l ${shellWord(join(folder.path, name))}`;
  return error("ERR_UCB_CALLBACK_UNREADABLE", place, `${quoted(name)} cannot be read: ${reason}`, hint);
}

/** By opening it, since a supervisor may run with another effective user than its real one. */
async function whyUnreadable(path: string): Promise<string | null> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    await handle.close();
    return null;
  } catch (cause) {
    return asUcbError(cause, "ERR_UCB_CONFIG", "").message;
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a directory";
  if (stats.isFIFO()) return "a named pipe";
  return stats.isSocket() ? "a socket" : "a device";
}
