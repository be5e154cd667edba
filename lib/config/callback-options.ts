import { quoted } from "../trigger/wording.js";
import type { CallbackOptions } from "./configuration.js";
import type { Diagnostic } from "./diagnostic.js";
import { didYouMean } from "./did-you-mean.js";
import type { IniEntry } from "./ini-document.js";
import type { IniText } from "./ini-text.js";
import type { OptionLanguage, OptionReader, OptionsDraft } from "./option-reader.js";
import { optionReaders, readVariable } from "./option-readers.js";
import type { PathGuard } from "./permissions.js";
import { error, type Place, warning } from "./place.js";
import { defaultRunLimits } from "./run-limits.js";

/** What holds where no section says otherwise. */
export const defaultOptions: CallbackOptions = {
  ...defaultRunLimits,
  timeoutMs: 600_000,
  interpreter: null,
  env: {},
  enabled: true,
  nice: 0,
  limits: { memory: null, files: null, output: null },
  warm: "auto",
  preload: [],
};

/** As long as the longest path there can be. */
const longestValue = 4096;

export interface OptionsRequest {
  language: OptionLanguage;
  /** What holds where the entries say nothing. */
  defaults: CallbackOptions;
  guard: PathGuard;
  placeOf: (text: IniText) => Place;
}

export interface OptionsReading {
  options: CallbackOptions;
  diagnostics: Diagnostic[];
}

/**
 * Reads the entries of a callback's section, or of `[*]`. An option with a mistake keeps its default.
 */
export async function readOptions(entries: readonly IniEntry[], request: OptionsRequest): Promise<OptionsReading> {
  const { language, guard, placeOf } = request;
  const draft: OptionsDraft = { ...request.defaults };
  // The variables of [*] are those of many; they are copied only where there are more.
  if (entries.some(({ key }) => key.text.startsWith("env."))) draft.env = { ...request.defaults.env };
  const diagnostics: Diagnostic[] = [];
  const seen = new Set<string>();
  for (const { key, value } of entries) {
    const name = key.text;
    const reader = readerOf(name);
    if (reader === undefined) {
      diagnostics.push(
        error("ERR_UCB_OPTION_UNKNOWN", placeOf(key), `${quoted(name)} is no option`, unknownHint(name)),
      );
      continue;
    }
    if (seen.has(name)) {
      const message = `${quoted(name)} is set again; this one holds`;
      diagnostics.push(warning("WARN_UCB_OPTION_TWICE", placeOf(key), message, "leave only one of them"));
    }
    seen.add(name);
    if (value === null) {
      const message = `${quoted(name)} has no value`;
      diagnostics.push(error("ERR_UCB_OPTION_VALUE", placeOf(key), message, `write "${name} = …"`));
      continue;
    }
    if (reader !== readVariable && value.text.length > longestValue) {
      const message = `the value of ${quoted(name)} is longer than ${longestValue} characters`;
      diagnostics.push(error("ERR_UCB_OPTION_VALUE", placeOf(value), message, "nothing that long is meant here"));
      continue;
    }
    const mistakes = await reader(value.text, draft, { name, language, guard });
    // Where a value is wrong it is shown; a variable's may be a secret.
    const place = placeOf(value.text === "" || reader === readVariable ? key : value);
    for (const { code, message, hint } of mistakes) {
      diagnostics.push((code.startsWith("WARN") ? warning : error)(code, place, message, hint));
    }
  }
  return { options: draft, diagnostics };
}

/** Whether there is such an option. */
export function isOption(name: string): boolean {
  return readerOf(name) !== undefined;
}

function readerOf(name: string): OptionReader | undefined {
  return optionReaders.get(name) ?? optionReaders.get(name.slice(0, name.indexOf(".") + 1));
}

function unknownHint(name: string): string {
  const shown = Array.from(optionReaders.keys(), (option) => (option.endsWith(".") ? `${option}NAME` : option));
  if (/\.(py|pl|qcb)$/.test(name)) return "callbacks and their triggers stand above the first section";
  const family = shown.filter((option) => option.startsWith(`${name}.`));
  if (family.length > 0) return `write ${family.map((option) => `"${option} = …"`).join(" or ")}`;
  return didYouMean(name, optionReaders.keys()) ?? `the options are ${shown.join(", ")}`;
}
