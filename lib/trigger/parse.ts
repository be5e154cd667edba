import { argumentError } from "../argument-error.js";
import { UcbError } from "../errors.js";
import type { Expression, Span, Term, Trigger, TriggerIssue } from "./ast.js";
import { findDoubtful } from "./doubts.js";
import { parseTerm } from "./term.js";
import { type OperatorToken, type Token, tokenize } from "./tokenize.js";

/** What came of parsing a trigger. */
export interface ParsedTrigger {
  /** Null if there is any error. */
  trigger: Trigger | null;
  /** Errors and warnings in the order of the text. */
  issues: TriggerIssue[];
}

/** Parentheses inside parentheses beyond this are an error: whoever walks an expression may recurse. */
export const maximumNesting = 200;

const operatorHint = "an operator stands between two events, such as complete-job-self && complete-job-parent";

/**
 * Parses a trigger and finds all its mistakes in one go. Never throws for one; takes time in proportion to the text.
 * @throws UcbError `ERR_UCB_ARGUMENT` for what is no text
 */
export function parseTrigger(text: string): ParsedTrigger {
  if (typeof text !== "string") throw argumentError("trigger", "a string", text);
  const issues: TriggerIssue[] = [];
  const parser = new ExpressionParser(text, tokenize(text, issues), issues);
  const expression = parser.parse();
  const failed = issues.some((issue) => issue.severity === "error");
  if (expression !== null && !failed) findDoubtful(expression, issues);
  issues.sort((one, other) => one.span.start - other.span.start);
  if (expression === null || failed) return { trigger: null, issues };
  return { trigger: { text, expression, terms: parser.terms, remembers: parser.remembers }, issues };
}

/**
 * Parses a trigger.
 * @throws UcbError `ERR_UCB_TRIGGER` about the first mistake, with `column` (and `line` where the text has several)
 */
export function parseTriggerOrThrow(text: string): Trigger {
  const { trigger, issues } = parseTrigger(text);
  if (trigger !== null) return trigger;
  const errors = issues.filter((issue) => issue.severity === "error");
  const first = errors[0];
  if (first === undefined) throw new UcbError("ERR_UCB_TRIGGER", "the trigger cannot be used");
  const { line, column, excerpt } = locate(text, first.span);
  const others = errors.length === 1 ? "" : ` (and ${errors.length - 1} more)`;
  throw new UcbError("ERR_UCB_TRIGGER", `${first.message}${others}\n${excerpt}`, {
    ...(text.includes("\n") ? { line } : {}),
    column,
    ...(first.hint === undefined ? {} : { hint: first.hint }),
  });
}

/** Line and column from 1, and the part of the line around the mistake with a caret under it. */
function locate(text: string, span: Span): { line: number; column: number; excerpt: string } {
  const lineStart = text.lastIndexOf("\n", span.start - 1) + 1;
  const nextBreak = text.indexOf("\n", span.start);
  const lineEnd = nextBreak < 0 ? text.length : nextBreak;
  const from = Math.max(lineStart, span.start - 60);
  const to = Math.min(lineEnd, from + 110);
  const before = `${from > lineStart ? "..." : ""}${text.slice(from, span.start)}`;
  const shown = `${before}${text.slice(span.start, to)}${to < lineEnd ? "..." : ""}`;
  const carets = Math.max(1, Math.min(span.end, to) - span.start);
  return {
    line: text.slice(0, lineStart).split("\n").length,
    column: span.start - lineStart + 1,
    // A tab stays a tab, so that the caret stands where the eye sees the character.
    excerpt: `  ${shown}\n  ${before.replace(/[^\t]/g, " ")}${"^".repeat(carets)}`,
  };
}

/** Recursive descent with `&&` binding tighter than `||`; goes on behind every mistake. */
class ExpressionParser {
  readonly terms: Term[] = [];
  remembers = false;
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #issues: TriggerIssue[];
  #at = 0;
  #reportedTooDeep = false;

  constructor(text: string, tokens: readonly Token[], issues: TriggerIssue[]) {
    this.#text = text;
    this.#tokens = tokens;
    this.#issues = issues;
  }

  parse(): Expression | null {
    if (this.#tokens.length === 0) {
      const hint = `write an event such as "done-job-self"`;
      this.#error("EMPTY", { start: 0, end: this.#text.length }, "the trigger is empty", hint);
      return null;
    }
    const expression = this.#either(0);
    // Only a parenthesis too many ends an expression early.
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      this.#error("SYNTAX", token.span, `")" closes nothing`, `remove it, or quote it if it belongs to a name`);
      this.#at += 1;
      const next = this.#peek();
      if (next === undefined || next.kind === "close") continue;
      if (next.kind === "and" || next.kind === "or") this.#at += 1;
      this.#either(0);
    }
    return expression;
  }

  #either(depth: number): Expression | null {
    const operands: Expression[] = [];
    this.#collect(operands, "or", this.#both(depth));
    while (this.#peek()?.kind === "or") {
      this.#at += 1;
      this.#collect(operands, "or", this.#both(depth));
    }
    return operation("or", operands);
  }

  #both(depth: number): Expression | null {
    const operands: Expression[] = [];
    this.#collect(operands, "and", this.#operand(depth));
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      if (token.kind === "and") {
        this.#at += 1;
        this.remembers = true;
      } else if (token.kind === "term" || token.kind === "open") {
        const start = token.span.start;
        const message = "an operator is missing here";
        this.#error(
          "SYNTAX",
          { start, end: start + 1 },
          message,
          `write "&&" or "||", or quote a parenthesis in a name`,
        );
      } else {
        break;
      }
      this.#collect(operands, "and", this.#operand(depth));
    }
    return operation("and", operands);
  }

  #operand(depth: number): Expression | null {
    const token = this.#peek();
    if (token?.kind === "term") {
      const term = parseTerm(this.#text, token, this.#operatorBefore(), this.#issues);
      if (term !== null) this.terms.push(term);
      this.#at += 1;
      return term;
    }
    if (token?.kind === "open") return this.#parenthesized(depth, token.span);
    this.#reportMissing(token);
    return null;
  }

  #parenthesized(depth: number, open: Span): Expression | null {
    this.#at += 1;
    if (depth >= maximumNesting) {
      if (!this.#reportedTooDeep) {
        this.#error("TOO_DEEP", open, `more than ${maximumNesting} parentheses inside one another`, "write it flatter");
      }
      this.#reportedTooDeep = true;
      this.#skipParenthesized();
      return null;
    }
    const inner = this.#either(depth + 1);
    if (this.#peek()?.kind === "close") {
      this.#at += 1;
    } else {
      this.#error("SYNTAX", open, `"(" is never closed`, `add ")", or quote "(" if it belongs to a name`);
    }
    return inner;
  }

  #skipParenthesized(): void {
    let open = 1;
    for (let token = this.#peek(); token !== undefined && open > 0; token = this.#peek()) {
      if (token.kind === "open") open += 1;
      if (token.kind === "close") open -= 1;
      this.#at += 1;
    }
  }

  #reportMissing(found: Token | undefined): void {
    const before = this.#tokens[this.#at - 1];
    if (before?.kind === "and" || before?.kind === "or") {
      const ahead = found === undefined || found.kind === "close" ? "" : ` and before ${this.#show(found)}`;
      this.#error("SYNTAX", before.span, `an event is missing behind ${this.#show(before)}${ahead}`, operatorHint);
    } else if (found?.kind === "and" || found?.kind === "or") {
      this.#error("SYNTAX", found.span, `an event is missing before ${this.#show(found)}`, operatorHint);
    } else if (before?.kind === "open" && found !== undefined) {
      const hint = "write an event there or remove the parentheses";
      this.#error(
        "SYNTAX",
        { start: before.span.start, end: found.span.end },
        "nothing stands in the parentheses",
        hint,
      );
    }
    // What is left is reported elsewhere: a parenthesis that closes nothing, or one that is never closed.
  }

  #operatorBefore(): OperatorToken | null {
    const before = this.#tokens[this.#at - 1];
    return before?.kind === "and" || before?.kind === "or" ? before : null;
  }

  #show(token: Token): string {
    return `"${this.#text.slice(token.span.start, token.span.end)}"`;
  }

  #collect(operands: Expression[], kind: "and" | "or", operand: Expression | null): void {
    if (operand === null) return;
    if (operand.kind === kind) for (const inner of operand.operands) operands.push(inner);
    else operands.push(operand);
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #error(code: string, span: Span, message: string, hint: string): void {
    this.#issues.push({ severity: "error", code: `ERR_UCB_TRIGGER_${code}`, message, span, hint });
  }
}

function operation(kind: "and" | "or", operands: Expression[]): Expression | null {
  const first = operands[0];
  const last = operands[operands.length - 1];
  if (first === undefined || last === undefined || operands.length === 1) return first ?? null;
  return { kind, operands, span: { start: first.span.start, end: last.span.end } };
}
