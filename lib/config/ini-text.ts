/** A pair of quotes and what is between them; there are no escapes in it. */
export const quotedPattern = `'[^']*'|"[^"]*"`;

/** A character that would otherwise start a comment, or the escaping character itself. */
export const escapePattern = String.raw`\\[\\;#]`;

/** Decoded text and where its source stands. Lines and columns count from 1, columns and lengths in UTF-16 units. */
export class IniText {
  readonly text: string;
  readonly line: number;
  /** Of the first character, behind an opening quote. */
  readonly column: number;
  /** Of the source, which is longer than the text where it holds escapes. */
  readonly length: number;
  /** Where each unit of the text starts in the source; undefined where both are the same. */
  readonly #offsets: readonly number[] | undefined;

  /** @param opaque what has no escapes in it, as the source of a pattern */
  constructor(text: string, source: string, line: number, column: number, opaque = quotedPattern) {
    this.text = text;
    this.line = line;
    this.column = column;
    this.length = source.length;
    this.#offsets = source === text ? undefined : offsetsOf(source, opaque);
  }

  /** The column of an offset into the text; that of its end included. */
  columnAt(offset: number): number {
    return this.column + (this.#offsets === undefined ? offset : (this.#offsets[offset] ?? this.length));
  }
}

/** Whether one pair of quotes holds all of the text; `'a'-'b'` is not wrapped. */
export function isWrapped(text: string): boolean {
  const quote = text[0];
  return (quote === "'" || quote === '"') && text.length > 1 && text.indexOf(quote, 1) === text.length - 1;
}

function offsetsOf(source: string, opaque: string): number[] {
  const offsets: number[] = [];
  for (const match of source.matchAll(new RegExp(`${opaque}|${escapePattern}|[^]`, "g"))) {
    const escaped = match[0].length === 2 && match[0].startsWith("\\");
    const units = escaped ? 1 : match[0].length;
    for (let unit = 0; unit < units; unit += 1) offsets.push(match.index + unit);
  }
  return offsets;
}
