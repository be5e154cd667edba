import { parse } from "ini";
import { type IniComment, type IniIssue, type ScannedLine, scanLine } from "./ini-scan.js";
import { Shelter } from "./ini-shelter.js";
import { IniText, isWrapped, quotedPattern } from "./ini-text.js";
import { splitLines } from "./split-lines.js";

/** A line `key = value` or `key`. */
export interface IniEntry {
  key: IniText;
  /** Null for a key without `=`; empty where nothing follows it. */
  value: IniText | null;
  comment: IniComment | null;
}

export interface IniSection {
  name: IniText;
  entries: readonly IniEntry[];
}

export interface IniDocument {
  /** Without byte order mark and line ends. */
  lines: readonly string[];
  /** What stands above the first section. */
  head: readonly IniEntry[];
  /** As often as they were opened: a repeated name is not merged. */
  sections: readonly IniSection[];
  issues: readonly IniIssue[];
}

/**
 * Reads an INI text: every entry in order, equal keys included, with its position. `#` and `;` start a comment
 * outside quotes unless escaped (`\#`, `\;`, `\\`); a key, value or section name wholly wrapped in one pair of quotes
 * stands for what is between them. Never throws: lines that make no sense are reported as issues.
 */
export function readIni(text: string): IniDocument {
  const lines = splitLines(text);
  const issues: IniIssue[] = [];
  const scanned = new Map<string, ScannedLine>();
  for (const [index, line] of lines.entries()) {
    const found = scanLine(line, index + 1, issues);
    if (found !== null) scanned.set(`line${index + 1}`, found);
  }
  return { lines, ...buildTree(scanned), issues };
}

/**
 * `ini` builds the tree and decodes the values, from a text of our own making. In it every section and key has a unique
 * name, because `ini` keeps the last of equal keys, splits section names at dots, drops `__proto__` and
 * knows no positions. What is quoted is sheltered, because `ini` reads it as JSON (to it `'5'` is a number, and
 * `'a'-'b'` loses its outer quotes) and takes the `#` in `a-"#"-b` for a comment.
 */
function buildTree(scanned: ReadonlyMap<string, ScannedLine>): { head: IniEntry[]; sections: IniSection[] } {
  const shelter = new Shelter();
  const prepared = Array.from(scanned, ([unique, line]) => {
    if (line.kind === "section") return `[${unique}]`;
    return line.value === null ? unique : `${unique}=${shelter.protect(line.value.source, meaningToIni)}`;
  });
  const tree: Record<string, unknown> = parse(prepared.join("\n"));
  const readEntries = (branch: Record<string, unknown>) =>
    Object.entries(branch).flatMap(([unique, decoded]): IniEntry[] => {
      const line = scanned.get(unique);
      if (line?.kind !== "entry") return [];
      const { key, value, comment } = line;
      return [{ key, value: value === null ? null : valueText(value, decoded, shelter, key.line), comment }];
    });
  const sections = Object.entries(tree).flatMap(([unique, branch]): IniSection[] => {
    const line = scanned.get(unique);
    if (line?.kind !== "section") return [];
    return [{ name: line.name, entries: readEntries(branch as Record<string, unknown>) }];
  });
  return { head: readEntries(tree), sections };
}

/** Quoted pieces, stray quotes, and characters that `ini` takes for the end of a line. */
const meaningToIni = new RegExp(`${quotedPattern}|['"\\u2028\\u2029]`);

function valueText(value: { source: string; column: number }, decoded: unknown, shelter: Shelter, line: number) {
  const { source, column } = value;
  if (isWrapped(source)) return new IniText(source.slice(1, -1), source.slice(1, -1), line, column + 1);
  // `true`, `false` and `null` have become values of their own by now.
  return new IniText(shelter.restore(String(decoded)), source, line, column);
}
