import type { CallbackOptions, Language } from "./configuration.js";
import type { DiagnosticCode } from "./diagnostic-codes.js";
import type { PathGuard } from "./permissions.js";

/** Options while they are put together. */
export type OptionsDraft = { -readonly [Name in keyof CallbackOptions]: CallbackOptions[Name] };

export interface OptionMistake {
  code: DiagnosticCode;
  message: string;
  hint: string;
}

export interface OptionContext {
  /** The option as written; for a family, with its member's name. */
  name: string;
  language: OptionLanguage;
  guard: PathGuard;
}

/** That of the callback; `unknown` where its name does not tell, `all` in `[*]`. */
export type OptionLanguage = Language | "unknown" | "all";

/** Puts a value into the options and returns what is wrong with it. */
export type OptionReader = (
  value: string,
  draft: OptionsDraft,
  context: OptionContext,
) => OptionMistake[] | Promise<OptionMistake[]>;

export function wrong(message: string, hint: string): OptionMistake {
  return { code: "ERR_UCB_OPTION_VALUE", message, hint };
}

export function misplaced(message: string, hint: string): OptionMistake {
  return { code: "ERR_UCB_OPTION_PLACE", message, hint };
}
