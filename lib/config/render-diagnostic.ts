import pc from "picocolors";
import { argumentError, isObject } from "../argument-error.js";
import type { Diagnostic } from "./diagnostic.js";
import { excerpt } from "./line-excerpt.js";

/**
 * A diagnostic for people: `file:line:column: error: message [CODE]`, the line with a caret under what is meant, and the hint.
 * Several lines, the last without a line end. Text from files is made harmless for terminals.
 * @throws UcbError `ERR_UCB_ARGUMENT` for what is no diagnostic
 */
export function renderDiagnostic(diagnostic: Diagnostic, { color }: { color: boolean } = { color: false }): string {
  checkDiagnostic(diagnostic);
  const colors = pc.createColors(color);
  const { severity, code, message, file, line, column, length, lineText, hint } = diagnostic;
  const tint = severity === "error" ? colors.red : colors.yellow;
  const position = [file, ...(line > 0 ? [line] : []), ...(line > 0 && column > 0 ? [column] : [])].join(":");
  const lines = [
    `${colors.bold(`${visible(position)}:`)} ${tint(colors.bold(`${severity}:`))} ${visible(message)} ${colors.dim(`[${code}]`)}`,
  ];
  if (lineText.trim() !== "") {
    const { text, underline } = excerpt(lineText, column, length);
    lines.push(`  ${text}`);
    if (underline !== "") lines.push(`  ${tint(underline)}`);
  }
  if (hint !== undefined) lines.push(`  ${colors.cyan("hint:")} ${visible(hint)}`);
  return lines.join("\n");
}

function checkDiagnostic(diagnostic: unknown): void {
  if (!isObject(diagnostic)) throw argumentError("diagnostic", "an object", diagnostic);
  for (const name of ["severity", "code", "message", "file", "lineText"]) {
    if (typeof diagnostic[name] !== "string") throw argumentError(`diagnostic.${name}`, "a string", diagnostic[name]);
  }
}

/** The text with a visible character for each that would steer a terminal or hide what is written. */
function visible(text: string): string {
  return excerpt(text, 0, 0, text.length * 4).text;
}
