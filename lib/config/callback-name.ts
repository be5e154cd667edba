import { quoted } from "../trigger/wording.js";
import { isOption } from "./callback-options.js";
import type { Language } from "./configuration.js";
import type { DiagnosticCode } from "./diagnostic-codes.js";

const languages: ReadonlyMap<string, Language> = new Map([
  ["py", "python"],
  ["pl", "perl"],
  ["qcb", "qube"],
]);

/** The language that a file's extension stands for; undefined where it stands for none. */
export function languageOf(name: string): Language | undefined {
  const extension = /[^/]\.([^./]+)$/.exec(name)?.[1];
  return extension === undefined ? undefined : languages.get(extension);
}

/** Whether the name of an option stands where that of a file is expected. */
export function isStrayOption(name: string): boolean {
  return isOption(name) && languageOf(name) === undefined;
}

export interface NameMistake {
  code: DiagnosticCode;
  message: string;
  hint: string;
}

/**
 * What is wrong with a name as that of a callback's file.
 * @param others the callback files of the directory, for the hint
 */
export function mistakeInName(name: string, others: readonly string[]): NameMistake | null {
  if (name === "" || name.includes("\0")) {
    const message = name === "" ? "the file's name is empty" : "a file's name cannot hold a NUL";
    return { code: "ERR_UCB_CALLBACK_NAME", message, hint: "write the name of a file in this directory" };
  }
  if (name.startsWith("/") || name.split("/").includes("..")) {
    const message = name.startsWith("/")
      ? `${quoted(name)} is an absolute path`
      : `${quoted(name)} leads out of this directory`;
    return { code: "ERR_UCB_CALLBACK_OUTSIDE", message, hint: insideHint };
  }
  if (name.includes("/"))
    return { code: "ERR_UCB_CALLBACK_NAME", message: `${quoted(name)} is a path`, hint: insideHint };
  if (languageOf(name) !== undefined) return null;
  const dot = name.lastIndexOf(".");
  const message =
    dot > 0 ? `${quoted(name.slice(dot))} is no callback's extension` : `${quoted(name)} has no extension`;
  return { code: "ERR_UCB_CALLBACK_EXTENSION", message, hint: extensionHint(name, others) };
}

const insideHint = "copy the file into this directory and write its name alone";

function extensionHint(name: string, others: readonly string[]): string {
  if (isStrayOption(name))
    return "options stand in a section: [*] for all callbacks, or one named after the callback's file";
  const lower = name.toLowerCase();
  const meant =
    others.find((other) => other.toLowerCase() === lower) ?? others.find((other) => other.startsWith(`${name}.`));
  return meant === undefined
    ? "the extension says the language: .py Python, .pl Perl, .qcb code strings"
    : `did you mean ${quoted(meant)}?`;
}
