import { unsafe } from "ini";
import { Shelter } from "./ini-shelter.js";
import { escapePattern, IniText, isWrapped, quotedPattern } from "./ini-text.js";

/** What stands behind a value, a key or a section. */
export interface IniComment {
  column: number;
  /** No white space in front of it, so that it may have been meant as part of the text. */
  glued: boolean;
}

export interface IniIssue {
  code: "ERR_UCB_INI_SECTION" | "ERR_UCB_INI_KEY";
  message: string;
  hint: string;
  line: number;
  column: number;
  length: number;
}

/** One line with its positions; the value is not decoded yet. */
export type ScannedLine =
  | { kind: "section"; name: IniText }
  | { kind: "entry"; key: IniText; value: { source: string; column: number } | null; comment: IniComment | null };

/** Takes a line apart; null for one that holds nothing. */
export function scanLine(text: string, line: number, issues: IniIssue[]): ScannedLine | null {
  const start = text.search(/\S/);
  if (start < 0 || text[start] === "#" || text[start] === ";") return null;
  return text[start] === "[" ? scanSection(text, start, line, issues) : scanEntry(text, start, line, issues);
}

/** Quoted, it may hold a bracket. */
const quotedSection = new RegExp(`^\\s*(?:${quotedPattern})\\s*(?=\\])`);

function scanSection(text: string, start: number, line: number, issues: IniIssue[]): ScannedLine {
  const report = (from: number, length: number, message: string) => {
    const hint = "a section stands alone on its line: [name]";
    issues.push({ code: "ERR_UCB_INI_SECTION", message, hint, line, column: from + 1, length });
  };
  const behind = text.slice(start + 1);
  const bracket = behind.indexOf("]");
  const name = quotedSection.exec(behind)?.[0] ?? (bracket < 0 ? undefined : behind.slice(0, bracket));
  if (name === undefined) {
    report(start, 1, "this section's name has no closing bracket");
    return { kind: "section", name: literalText(text, start + 1, commentStart(text, start + 1), line) };
  }
  const close = start + 1 + name.length;
  const rest = text.slice(close + 1, commentStart(text, close + 1));
  if (rest.trim() !== "") {
    report(close + 1 + rest.search(/\S/), rest.trim().length, "there is text behind the section's name");
  }
  return { kind: "section", name: literalText(text, start + 1, close, line) };
}

const wrappedKey = new RegExp(`^(?:${quotedPattern})(?=\\s*(?:[=;#]|$))`);

function scanEntry(text: string, start: number, line: number, issues: IniIssue[]): ScannedLine | null {
  if (text[start] === "=") {
    const hint = `write "key = value", or # in front of a comment`;
    const message = "there is no key in front of =";
    issues.push({ code: "ERR_UCB_INI_KEY", message, hint, line, column: start + 1, length: 1 });
    return null;
  }
  const wrapped = wrappedKey.exec(text.slice(start))?.[0];
  const keyEnd = start + (wrapped ?? plainKey(text, start)).length;
  const key = wrapped === undefined ? plainKeyText(text, start, keyEnd, line) : literalText(text, start, keyEnd, line);
  const equals = keyEnd + Math.max(text.slice(keyEnd).search(/\S/), 0);
  if (text[equals] !== "=") {
    return { kind: "entry", key, value: null, comment: commentAt(text, commentStart(text, keyEnd)) };
  }
  const comment = commentStart(text, equals + 1);
  const raw = text.slice(equals + 1, comment);
  const column = equals + 2 + Math.max(raw.search(/\S/), 0);
  return { kind: "entry", key, value: { source: raw.trim(), column }, comment: commentAt(text, comment) };
}

/** Up to `=`, a comment or the end of the line; quotes have no meaning in it. */
function plainKey(text: string, start: number): string {
  return text.slice(start, firstOutside(`${escapePattern}|[=;#]`, text, start)).trimEnd();
}

/** Where the comment starts, or the end of the text. A quote that is not closed is a plain character. */
function commentStart(text: string, from: number): number {
  return firstOutside(`${escapePattern}|${quotedPattern}|[;#]`, text, from);
}

/** Where the first match of a single character stands: escapes and quoted pieces are longer and skipped. */
function firstOutside(pattern: string, text: string, from: number): number {
  const scanner = new RegExp(pattern, "g");
  scanner.lastIndex = from;
  for (let match = scanner.exec(text); match !== null; match = scanner.exec(text)) {
    if (match[0].length === 1) return match.index;
  }
  return text.length;
}

function commentAt(text: string, start: number): IniComment | null {
  return start === text.length ? null : { column: start + 1, glued: /\S/.test(text[start - 1] ?? " ") };
}

/** What stands between two offsets, without white space around it and without the quotes that wrap it; nothing is decoded. */
function literalText(text: string, from: number, to: number, line: number): IniText {
  const raw = text.slice(from, to);
  const source = raw.trim();
  const start = from + Math.max(raw.search(/\S/), 0);
  return isWrapped(source)
    ? new IniText(source.slice(1, -1), source.slice(1, -1), line, start + 2)
    : new IniText(source, source, line, start + 1);
}

function plainKeyText(text: string, from: number, to: number, line: number): IniText {
  const source = text.slice(from, to);
  const shelter = new Shelter();
  return new IniText(shelter.restore(unsafe(shelter.protect(source, /['"]/))), source, line, from + 1, `['"]`);
}
