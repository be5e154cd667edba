import type { Pattern, Span } from "./ast.js";
import type { Piece, TermToken } from "./tokenize.js";

/** Part of an event pattern between two bare dashes, or all that is left of it. */
export interface Field {
  pattern: Pattern;
  span: Span;
  /** The text if no quote was used in the field: the only form in which `self`, `parent`, `*` and digits are keywords. */
  bare: string | undefined;
}

/** Reads an event pattern field by field; the dash between two fields is skipped. */
export class FieldReader {
  readonly #pieces: readonly Piece[];
  readonly #end: number;
  #index = 0;
  /** Offset into the current piece's text. */
  #offset = 0;
  /** Where the next field starts in the trigger's text; undefined once no dash follows. */
  #start: number | undefined;

  constructor(token: TermToken) {
    this.#pieces = token.pieces;
    this.#start = token.span.start;
    this.#end = token.span.end;
  }

  /** The text up to the next bare dash, or null if the pattern ended without one. */
  next(): Field | null {
    return this.#read(true);
  }

  /** All that is left, dashes included, or null if the pattern ended without a dash. */
  rest(): Field | null {
    return this.#read(false);
  }

  mark(): [number, number, number | undefined] {
    return [this.#index, this.#offset, this.#start];
  }

  reset([index, offset, start]: [number, number, number | undefined]): void {
    this.#index = index;
    this.#offset = offset;
    this.#start = start;
  }

  #read(stopAtDash: boolean): Field | null {
    const start = this.#start;
    if (start === undefined) return null;
    const builder = new PatternBuilder();
    let bare: string | undefined = "";
    for (; this.#index < this.#pieces.length; this.#index += 1, this.#offset = 0) {
      const piece = this.#pieces[this.#index];
      if (piece === undefined) break;
      if (piece.quoted) {
        builder.literal(piece.text);
        bare = undefined;
        continue;
      }
      const dash = stopAtDash ? piece.text.indexOf("-", this.#offset) : -1;
      const text = piece.text.slice(this.#offset, dash < 0 ? undefined : dash);
      builder.wildcards(text);
      if (bare !== undefined) bare += text;
      if (dash < 0) continue;
      this.#offset = dash + 1;
      this.#start = piece.span.start + dash + 1;
      return { pattern: builder.build(), span: { start, end: piece.span.start + dash }, bare };
    }
    this.#start = undefined;
    return { pattern: builder.build(), span: { start, end: this.#end }, bare };
  }
}

/** Joins quoted and bare text to a pattern; wildcards side by side are one. */
class PatternBuilder {
  readonly #pieces: string[] = [];
  #piece = "";

  literal(text: string): void {
    this.#piece += text;
  }

  wildcards(text: string): void {
    const parts = text.split("*");
    this.#piece += parts[0] ?? "";
    for (const part of parts.slice(1)) {
      if (this.#pieces.length === 0 || this.#piece !== "") this.#pieces.push(this.#piece);
      this.#piece = part;
    }
  }

  build(): Pattern {
    return [...this.#pieces, this.#piece];
  }
}
