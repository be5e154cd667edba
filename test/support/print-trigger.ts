import type { Pattern } from "../../lib/trigger/ast.js";

/** A trigger to be written down: what {@link parseTrigger} should find again. */
export type ExpressionModel = TermModel | { kind: "and" | "or"; operands: ExpressionModel[]; spelling: Spelling };

export interface TermModel {
  kind: "term";
  name: Pattern;
  /** As written, with bare wildcards; `globaltime` and `globalrepeat` have neither name nor context. */
  type: string;
  context: "self" | "parent" | "*" | number | { label: Pattern };
  /** Undefined where none is written. */
  extra: Pattern | undefined;
  spelling: Spelling;
}

/** Choices among the ways to write the same thing. */
export interface Spelling {
  /** Quote also what needs no quotes. */
  quoteAll: boolean;
  /** Operators as words. */
  words: boolean;
  /** White space around operators and parentheses. */
  space: string;
  /** Parentheses that change nothing. */
  parentheses: boolean;
}

export function printTrigger(model: ExpressionModel): string {
  return print(model, false);
}

function print(model: ExpressionModel, insideAnd: boolean): string {
  const { space, parentheses, words } = model.spelling;
  const wrap = (text: string) => `(${space}${text}${space})`;
  if (model.kind === "term") return parentheses ? wrap(printTerm(model)) : printTerm(model);
  const word = model.kind === "and" ? "AnD" : "or";
  const operator = words ? ` ${space}${word}${space} ` : `${space}${model.kind === "and" ? "&&" : "||"}${space}`;
  const text = model.operands.map((operand) => print(operand, model.kind === "and")).join(operator);
  return parentheses || (insideAnd && model.kind === "or") ? wrap(text) : text;
}

function printTerm({ name, type, context, extra, spelling }: TermModel): string {
  const { quoteAll } = spelling;
  const tail = extra === undefined ? "" : `-${printPattern(extra, quoteAll)}`;
  if (type === "globaltime" || type === "globalrepeat") return `${type}${tail}`;
  return `${printPattern(name, quoteAll)}-${type}-${printContext(context, quoteAll)}${tail}`;
}

function printContext(context: TermModel["context"], quoteAll: boolean): string {
  if (typeof context !== "object") return String(context);
  // An empty quoted text in front makes a label of anything.
  return `''${printPattern(context.label, quoteAll)}`;
}

function printPattern(pattern: Pattern, quoteAll: boolean): string {
  return pattern.map((piece) => printPiece(piece, quoteAll)).join("*");
}

function printPiece(piece: string, quoteAll: boolean): string {
  if (piece === "" || (!quoteAll && /^[\w.]+$/.test(piece))) return piece;
  return piece
    .split(/('+)/)
    .filter((part) => part !== "")
    .map((part) => (part.startsWith("'") ? `"${part}"` : `'${part}'`))
    .join("");
}
