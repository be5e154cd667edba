import CliTable from "cli-table3";
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";

export interface Column {
  title: string;
  /** Columns that may be narrowed, and their text wrapped, where the terminal is too narrow for all. */
  flexible?: boolean;
}

const gap = 2;
const narrowest = 16;

/** A table without lines; cells may hold several lines. `width` null lets every column be as wide as it needs. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], width: number | null): string {
  const widths = columnWidths(columns, rows, width);
  const drawn = new CliTable({
    // The library counts the padding as part of a column.
    colWidths: widths.map((columnWidth) => columnWidth + gap),
    chars: noLines,
    style: { head: [], border: [], "padding-left": 0, "padding-right": gap, compact: true },
  });
  for (const row of [columns.map(({ title }) => title), ...rows]) {
    // The library itself would cut words in two, or off.
    drawn.push(row.map((cell, index) => wrapAnsi(cell, widths[index] ?? 0, { hard: true })));
  }
  return drawn
    .toString()
    .split("\n")
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

function columnWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | null,
): number[] {
  const natural = columns.map(({ title }, index) =>
    Math.max(
      stringWidth(title),
      ...rows.flatMap((row) => (row[index] ?? "").split("\n").map((line) => stringWidth(line))),
    ),
  );
  const excess = width === null ? 0 : natural.reduce((sum, each) => sum + each + gap, -gap) - width;
  const flexible = columns.flatMap(({ flexible: may }, index) => (may === true ? [index] : []));
  // The widest gives first, a column at a time: wrapping one long text is better than wrapping two.
  for (let left = excess; left > 0; left--) {
    const widest = flexible.reduce(
      (best, index) => ((natural[index] ?? 0) > (natural[best] ?? 0) ? index : best),
      flexible[0] ?? 0,
    );
    if ((natural[widest] ?? 0) <= narrowest) break;
    natural[widest] = (natural[widest] ?? 0) - 1;
  }
  return natural;
}

const noLines = Object.fromEntries(
  [
    ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"],
    ...["left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"],
  ].map((name) => [name, ""]),
);
