import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { quoted } from "../trigger/wording.js";
import { limitReaders } from "./limit-readers.js";
import {
  misplaced,
  type OptionContext,
  type OptionLanguage,
  type OptionMistake,
  type OptionReader,
  type OptionsDraft,
  wrong,
} from "./option-reader.js";
import { parseSpan } from "./option-values.js";
import { mostOf } from "./run-limits.js";
import { systemReason } from "./system-reason.js";
import { warmReaders } from "./warm-readers.js";

/** Every option by its name; a name that ends in a dot stands for a family (`env.NAME`). */
export const optionReaders: ReadonlyMap<string, OptionReader> = new Map<string, OptionReader>([
  ["timeout", readTimeout],
  ["interpreter", readInterpreter],
  ["enabled", readEnabled],
  ["env.", readVariable],
  ...limitReaders,
  ...warmReaders,
]);

/** Codes of a `.qcb` callback are carried out by the engine: what is for a process of a script means nothing to them. */
function misplacedForCodes(language: OptionLanguage, what: string): OptionMistake[] {
  if (language !== "qube") return [];
  return [misplaced(`a .qcb callback has no ${what}`, "its codes are carried out by the engine; remove the line")];
}

function readTimeout(value: string, draft: OptionsDraft, { language }: OptionContext): OptionMistake[] {
  const stray = misplacedForCodes(language, "process that could time out");
  if (stray.length > 0) return stray;
  const time = parseSpan(value);
  if (time === null) return [wrong(`${quoted(value)} is no time span`, "write a number with a unit: 90s, 10m, 2h")];
  if (time <= 0) return [wrong("a timeout must be longer than nothing", "write a number with a unit: 90s, 10m, 2h")];
  if (time > mostOf.spanMs) return [wrong(`a timeout of ${value} is too long`, "24 days are the most")];
  draft.timeoutMs = time;
  return [];
}

async function readInterpreter(
  value: string,
  draft: OptionsDraft,
  { language, guard }: OptionContext,
): Promise<OptionMistake[]> {
  if (language === "all") {
    const hint = "set it in the sections of the callbacks that need it: one interpreter cannot run every language";
    return [misplaced("an interpreter cannot be set for all callbacks", hint)];
  }
  const stray = misplacedForCodes(language, "interpreter");
  if (stray.length > 0) return stray;
  if (!isAbsolute(value) || value.includes("\0")) {
    return [wrong(`${quoted(value)} is no absolute path`, "write a path that starts with /, such as /usr/bin/python3")];
  }
  const walked = await guard.walk(value);
  if (walked.path === null) return [badInterpreter(systemReason(walked))];
  if (!walked.stats.isFile()) return [badInterpreter("it is not a regular file")];
  if (walked.problems.length > 0) return walked.problems.map(({ code, message, hint }) => ({ code, message, hint }));
  try {
    await access(walked.path, constants.X_OK);
  } catch {
    return [badInterpreter("it may not be executed")];
  }
  // As written and not with its links resolved: a virtual environment is found through the link.
  draft.interpreter = value;
  return [];
}

function badInterpreter(reason: string): OptionMistake {
  const hint = "name an executable file, or leave the line out for the one in PATH";
  return { code: "ERR_UCB_OPTION_INTERPRETER", message: `the interpreter cannot be used: ${reason}`, hint };
}

const switchWords: ReadonlyMap<string, boolean> = new Map([
  ["yes", true],
  ["no", false],
  ["true", true],
  ["false", false],
  ["on", true],
  ["off", false],
  ["1", true],
  ["0", false],
]);

function readEnabled(value: string, draft: OptionsDraft): OptionMistake[] {
  const enabled = switchWords.get(value.toLowerCase());
  if (enabled === undefined) return [wrong(`${quoted(value)} is neither yes nor no`, "write yes or no")];
  draft.enabled = enabled;
  return [];
}

export function readVariable(value: string, draft: OptionsDraft, { name, language }: OptionContext): OptionMistake[] {
  const stray = misplacedForCodes(language, "environment");
  if (stray.length > 0) return stray;
  const variable = name.slice(name.indexOf(".") + 1);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable)) {
    const message = variable === "" ? "the variable has no name" : `${quoted(variable)} is no name of a variable`;
    return [wrong(message, 'write "env.NAME = …": a name is made of letters, digits and _')];
  }
  if (variable.startsWith("UCB_")) {
    return [wrong(`${quoted(variable)} is not yours to set`, "variables that start with UCB_ are set for every run")];
  }
  if (value.includes("\0")) return [wrong(`the value of ${quoted(variable)} holds a NUL`, "remove it")];
  // Not by assignment, which would take `__proto__` for something else.
  Object.defineProperty(draft.env, variable, { value, enumerable: true, writable: true, configurable: true });
  return [];
}
