import { quoted } from "../trigger/wording.js";
import type { CallbackOptions } from "./configuration.js";
import {
  misplaced,
  type OptionContext,
  type OptionMistake,
  type OptionReader,
  type OptionsDraft,
  wrong,
} from "./option-reader.js";

/** The options that say whether scripts are forked from an interpreter that is there already. */
export const warmReaders: readonly (readonly [name: string, reader: OptionReader])[] = [
  ["warm", readWarm],
  ["preload", readPreload],
];

const moduleNames = {
  python: { pattern: /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/, example: "json, requests" },
  perl: { pattern: /^[A-Za-z_]\w*(?:::\w+)*$/, example: "JSON::PP, POSIX" },
};

const choices: ReadonlyMap<string, CallbackOptions["warm"]> = new Map([
  ["auto", "auto"],
  ["yes", "yes"],
  ["no", "no"],
]);

function readWarm(value: string, draft: OptionsDraft, { language }: OptionContext): OptionMistake[] {
  if (language === "qube") return noProcess("interpreter");
  const warm = choices.get(value.toLowerCase());
  if (warm === undefined) return [wrong(`${quoted(value)} is not auto, yes or no`, "write auto or yes or no")];
  draft.warm = warm;
  return [];
}

function readPreload(value: string, draft: OptionsDraft, { language }: OptionContext): OptionMistake[] {
  if (language === "qube") return noProcess("modules");
  if (language === "all") {
    const hint = "set it in the sections of the callbacks that use the modules";
    return [misplaced("modules cannot be preloaded for callbacks of all languages", hint)];
  }
  const { pattern, example } = moduleNames[language === "perl" ? "perl" : "python"];
  const names = value.split(",").map((name) => name.trim());
  const strange = names.find((name) => !pattern.test(name));
  if (strange !== undefined) {
    return [wrong(`${quoted(strange)} is no name of a module`, `write names with commas between them: ${example}`)];
  }
  draft.preload = [...new Set(names)];
  return [];
}

function noProcess(what: string): OptionMistake[] {
  return [misplaced(`a .qcb callback has no ${what}`, "its codes are carried out by the engine; remove the line")];
}
