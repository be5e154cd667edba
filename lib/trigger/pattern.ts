/// <reference lib="es2024.string" />
import type { Pattern } from "./ast.js";

/** The pattern that matches everything. */
export const anything: Pattern = ["", ""];

/** The pattern of a field that was not written: it matches the empty text only. */
export const nothing: Pattern = [""];

/** The text of a pattern without wildcards, else undefined. */
export function exactText(pattern: Pattern): string | undefined {
  return pattern.length === 1 ? pattern[0] : undefined;
}

export function isAnything(pattern: Pattern): boolean {
  return pattern.length === 2 && pattern[0] === "" && pattern[1] === "";
}

/**
 * Whether `text` is of the pattern's form. Both travel as UTF-8 on their way to the matcher, where half a surrogate
 * pair becomes U+FFFD; it does here too.
 */
export function matchesPattern(pattern: Pattern, text: string): boolean {
  const subject = text.toWellFormed();
  const pieces = pattern.map((piece) => piece.toWellFormed());
  const head = pieces[0] ?? "";
  if (pieces.length < 2) return subject === head;
  const tail = pieces[pieces.length - 1] ?? "";
  const end = subject.length - tail.length;
  if (end < head.length || !subject.startsWith(head) || !subject.endsWith(tail)) return false;
  let at = head.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = subject.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}

/** The pattern as a reader knows it, wildcards as `*`. */
export function describePattern(pattern: Pattern): string {
  return pattern.join("*");
}
