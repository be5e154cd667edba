import type { Span, TriggerIssue } from "./ast.js";

/** A run of quoted or bare text inside an event pattern; the span includes the quotes. */
export interface Piece {
  text: string;
  quoted: boolean;
  span: Span;
}

export interface ParenthesisToken {
  kind: "open" | "close";
  span: Span;
}

export interface OperatorToken {
  kind: "and" | "or";
  span: Span;
  /** Written as a word; `&&` and `||` are not. */
  word: boolean;
}

/** The text of one event pattern, from its first to its last character that is not white space. */
export interface TermToken {
  kind: "term";
  span: Span;
  pieces: readonly Piece[];
  /** A quote is never closed: nothing certain can be said about the fields. */
  broken: boolean;
}

export type Token = ParenthesisToken | OperatorToken | TermToken;

const whiteSpace = /\s/;
const operatorWords = ["and", "or"] as const;

/** Cuts a trigger's text into tokens. Every character is looked at once; mistakes are reported and stepped over. */
export function tokenize(text: string, issues: TriggerIssue[]): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    if (whiteSpace.test(character)) {
      at += 1;
      continue;
    }
    const token = parenthesisAt(text, at) ?? symbolAt(text, at, issues) ?? wordAt(text, at) ?? termAt(text, at, issues);
    tokens.push(token);
    at = token.span.end;
  }
  return tokens;
}

function parenthesisAt(text: string, at: number): ParenthesisToken | null {
  const character = text.charAt(at);
  if (character !== "(" && character !== ")") return null;
  return { kind: character === "(" ? "open" : "close", span: { start: at, end: at + 1 } };
}

/** A run of `&` or of `|`: two are an operator, any other number is taken for one and reported. */
function symbolAt(text: string, at: number, issues: TriggerIssue[]): OperatorToken | null {
  const character = text.charAt(at);
  if (character !== "&" && character !== "|") return null;
  let end = at + 1;
  while (text.charAt(end) === character) end += 1;
  const span = { start: at, end };
  if (end - at !== 2) {
    const operator = character + character;
    issues.push({
      severity: "error",
      code: "ERR_UCB_TRIGGER_SYNTAX",
      message: `${end - at === 1 ? `a single "${character}"` : `${end - at} times "${character}"`} is no operator`,
      span,
      hint: `write "${operator}", or quote the text if the "${character}" belongs to it`,
    });
  }
  return { kind: character === "&" ? "and" : "or", span, word: false };
}

/** `and` or `or` in any case, standing alone between white space, parentheses and the ends. */
function wordAt(text: string, at: number): OperatorToken | null {
  if (!isWordBorder(text, at - 1)) return null;
  for (const word of operatorWords) {
    const end = at + word.length;
    if (text.slice(at, end).toLowerCase() === word && isWordBorder(text, end)) {
      return { kind: word, span: { start: at, end }, word: true };
    }
  }
  return null;
}

function isWordBorder(text: string, at: number): boolean {
  const character = text.charAt(at);
  return character === "" || character === "(" || character === ")" || whiteSpace.test(character);
}

function termAt(text: string, start: number, issues: TriggerIssue[]): TermToken {
  const pieces: Piece[] = [];
  let broken = false;
  let bareFrom = start;
  let at = start;
  // Behind the last character that counts: white space before an operator is not part of the event's text.
  let end = start;
  const endBare = (to: number) => {
    if (to > bareFrom)
      pieces.push({ text: text.slice(bareFrom, to), quoted: false, span: { start: bareFrom, end: to } });
  };
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === "'" || character === '"') {
      endBare(at);
      const closing = text.indexOf(character, at + 1);
      const to = closing < 0 ? text.length : closing + 1;
      if (closing < 0) {
        broken = true;
        issues.push({
          severity: "error",
          code: "ERR_UCB_TRIGGER_QUOTE",
          message: `the quote ${character} is never closed`,
          span: { start: at, end: at + 1 },
          hint: `close it, or put text that holds ${character} between ${character === "'" ? '"…"' : "'…'"}`,
        });
      }
      pieces.push({
        text: text.slice(at + 1, closing < 0 ? text.length : closing),
        quoted: true,
        span: { start: at, end: to },
      });
      at = to;
      end = to;
      bareFrom = to;
      continue;
    }
    if (character === "(" || character === ")" || character === "&" || character === "|") break;
    if (whiteSpace.test(character)) {
      at += 1;
      if (wordAt(text, at) !== null) break;
      continue;
    }
    at += 1;
    end = at;
  }
  endBare(end);
  return { kind: "term", span: { start, end }, pieces, broken };
}
