import stringWidth from "string-width";

/** What of a line is shown, and the line to put under it: spaces and carets, or nothing. */
export interface LineExcerpt {
  text: string;
  underline: string;
}

/** What the eye takes for one character. */
interface Cell {
  shown: string;
  /** In columns of a terminal. */
  width: number;
  /** In UTF-16 units of the line. */
  start: number;
  end: number;
}

const tabWidth = 4;
const ellipsis = "…";
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * Shows a line around a caret. Tabs become spaces and control characters visible ones; wide characters get wide carets.
 * @param column of the first character to underline, from 1 in UTF-16 units; 0 underlines nothing
 * @param length in UTF-16 units
 * @param limit columns that may be shown; a longer line is cut around the caret
 */
export function excerpt(line: string, column: number, length: number, limit = 100): LineExcerpt {
  // Taking a line of megabytes apart would cost seconds, and no more than this can be shown.
  const offset = Math.max(0, column - 10 * limit);
  const near = line.slice(offset, offset + 20 * limit);
  const cells = cellsOf(near);
  const from = column - 1 - offset;
  const to = from + Math.max(1, length);
  const [first, last] = windowOf(cells, Math.max(0, from), limit);
  const window = cells.slice(first, last);
  const head = offset + first > 0 ? ellipsis : "";
  const tail = last < cells.length || offset + near.length < line.length ? ellipsis : "";
  const text = (head + window.map(({ shown }) => shown).join("") + tail).trimEnd();
  if (column < 1) return { text, underline: "" };
  const before = stringWidth(head) + widthOf(window.filter(({ end }) => end <= from));
  const under = widthOf(window.filter(({ start, end }) => start < to && end > from));
  return { text, underline: " ".repeat(before) + "^".repeat(Math.max(1, under)) };
}

function cellsOf(line: string): Cell[] {
  let column = 0;
  return Array.from(segmenter.segment(line), ({ segment, index }) => {
    const shown = segment === "\t" ? " ".repeat(tabWidth - (column % tabWidth)) : visible(segment);
    const width = segment === "\t" ? shown.length : stringWidth(shown);
    column += width;
    return { shown, width, start: index, end: index + segment.length };
  });
}

/** The cells to show: all, or as many as fit, a third of them in front of the caret. */
function windowOf(cells: readonly Cell[], from: number, limit: number): [number, number] {
  if (widthOf(cells) <= limit) return [0, cells.length];
  const room = limit - 2 * ellipsis.length;
  const caret = cells.findIndex(({ end }) => end > from);
  let first = caret < 0 ? cells.length : caret;
  for (let width = 0; first > 0; first -= 1) {
    width += cells[first - 1]?.width ?? 0;
    if (width > room / 3) break;
  }
  let last = first;
  for (let width = 0; last < cells.length; last += 1) {
    width += cells[last]?.width ?? 0;
    if (width > room) break;
  }
  return [first, last];
}

function widthOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, { width }) => sum + width, 0);
}

/** Control characters as their pictures; those that change the direction of text or stand alone in a surrogate pair as U+FFFD. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "\u2421" : "\uFFFD";
  });
}
