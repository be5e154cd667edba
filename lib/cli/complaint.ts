import { UcbError } from "../errors.js";
import { placeText } from "./place-text.js";
import { Progress } from "./progress.js";
import { harmless, terminalOf } from "./terminal.js";

/** Tells what went wrong, where, and what can be done about it; on stderr, since it is not the answer. */
export function complain(error: unknown, color?: boolean): void {
  const { colors } = terminalOf(process.stderr, color);
  const hint =
    error instanceof UcbError && error.hint !== undefined ? `${colors.dim("hint:")} ${harmless(error.hint)}\n` : "";
  Progress.giveWay();
  process.stderr.write(`${colors.red("ucb:")} ${harmless(placeOf(error) + messageOf(error))}\n${hint}`);
}

/** Tells what whoever runs the command may want to know. */
export function note(text: string): void {
  Progress.giveWay();
  process.stderr.write(`ucb: ${harmless(text)}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function placeOf(error: unknown): string {
  if (!(error instanceof UcbError) || error.file === undefined) return "";
  const { file, line = 0, column = 0 } = error;
  return `${placeText({ file, line, column })}: `;
}
