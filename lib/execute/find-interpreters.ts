import type { Callback } from "../config/configuration.js";
import type { Diagnostic } from "../config/diagnostic.js";
import { asUcbError, type UcbError } from "../errors.js";
import { type Interpreters, resolveInterpreter, type ScriptLanguage } from "./interpreters.js";

/**
 * Finds what the callbacks need to run. A language without an interpreter costs only its own callbacks: it is reported
 * once, at the first line that needs it, and a configured interpreter that is none wherever it is configured. Runs of
 * those callbacks fail with that reason.
 */
export async function findInterpreters(
  callbacks: readonly Callback[],
): Promise<{ interpreters: Interpreters; diagnostics: Diagnostic[] }> {
  const interpreters: Interpreters = { python: null, perl: null };
  const diagnostics: Diagnostic[] = [];
  const answers = new Map<string, string | UcbError>();
  for (const callback of callbacks) {
    const { language } = callback;
    const { interpreter, enabled } = callback.options;
    if (language === "qube" || !enabled) continue;
    const question = `${language} ${interpreter ?? ""}`;
    const known = answers.get(question);
    const answer = known ?? (await ask(language, interpreter));
    answers.set(question, answer);
    if (typeof answer === "string") {
      if (interpreter === null) interpreters[language] = answer;
    } else if (known === undefined || interpreter !== null) diagnostics.push(describe(callback, answer));
  }
  return { interpreters, diagnostics };
}

async function ask(language: ScriptLanguage, configured: string | null): Promise<string | UcbError> {
  try {
    return await resolveInterpreter(language, configured);
  } catch (error) {
    return asUcbError(error, "ERR_UCB_INTERPRETER", "");
  }
}

function describe(
  { file, configFile, triggers, interpreterPlace }: Callback,
  { code, message, hint }: UcbError,
): Diagnostic {
  const line = triggers[0]?.line ?? 0;
  return {
    severity: "error",
    code,
    message: `${file}: ${message}`,
    ...(interpreterPlace ?? { file: configFile, line, column: 0, length: 1, lineText: "" }),
    ...(hint === undefined ? {} : { hint }),
  };
}
