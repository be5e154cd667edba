import type { Callback } from "../config/configuration.js";
import type { Diagnostic } from "../config/diagnostic.js";
import { asUcbError } from "../errors.js";
import { type Interpreters, resolveInterpreter, type ScriptLanguage } from "./interpreters.js";

/**
 * Finds what the callbacks need to run. A language without an interpreter costs only its own callbacks: it is
 * reported once, at the first line that needs it, and their runs fail with that reason.
 */
export async function findInterpreters(
  callbacks: readonly Callback[],
): Promise<{ interpreters: Interpreters; diagnostics: Diagnostic[] }> {
  const interpreters: Interpreters = { python: null, perl: null };
  const diagnostics: Diagnostic[] = [];
  const asked = new Set<string>();
  for (const callback of callbacks) {
    const { language, options } = callback;
    const question = `${language} ${options.interpreter ?? ""}`;
    if (language === "qube" || !options.enabled || asked.has(question)) continue;
    asked.add(question);
    const found = await find(callback, language);
    if ("message" in found) diagnostics.push(found);
    else if (options.interpreter === null) interpreters[language] = found.path;
  }
  return { interpreters, diagnostics };
}

async function find(callback: Callback, language: ScriptLanguage): Promise<{ path: string } | Diagnostic> {
  try {
    return { path: await resolveInterpreter(language, callback.options.interpreter) };
  } catch (error) {
    const { message, code, hint } = asUcbError(error, "ERR_UCB_INTERPRETER", "");
    return {
      severity: "error",
      code,
      message: `${callback.file}: ${message}`,
      file: callback.configFile,
      line: callback.triggers[0]?.line ?? 0,
      column: 0,
      length: 1,
      lineText: "",
      ...(hint === undefined ? {} : { hint }),
    };
  }
}
