import CliTable from "cli-table3";
import { formatNumber } from "./format.js";
import { advantageOver, type Table, type Target, verdictOf } from "./result.js";
import type { Figure } from "./statistics.js";

const plain = {
  ...Object.fromEntries(
    ["top", "bottom", "mid"]
      .flatMap((line) => [line, `${line}-mid`, `${line}-left`, `${line}-right`])
      .map((k) => [k, ""]),
  ),
  left: "",
  "left-mid": "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** More columns than this are printed below one another. */
const columnsAbreast = 3;

/** Medians with the range from the 10th to the 90th percentile, and how many times as good the subject is. */
export function renderTable(table: Table): string {
  const parts: string[] = [`\n${table.title} (${table.unit}, ${table.better} is better)`];
  for (let first = 0; first < table.columns.length; first += columnsAbreast) parts.push(renderColumns(table, first));
  return `${[...parts, ...(table.notes ?? []).map((note) => `  ${note}`)].join("\n")}\n`;
}

function renderColumns(table: Table, first: number): string {
  const compared = table.subject !== undefined;
  const columns = table.columns.slice(first, first + columnsAbreast);
  const grid = newGrid(1 + columns.length * (compared ? 2 : 1));
  grid.push(["", ...columns.flatMap((column) => (compared ? [column, "ours is"] : [column]))]);
  for (const row of table.rows) {
    const cells = columns.flatMap((_, index) => {
      const figure = row.figures[first + index] ?? null;
      const cell = figure === null ? "–" : renderFigure(figure);
      if (!compared) return [cell];
      const ratio = row.name === table.subject ? null : advantageOver(table, row.name, first + index);
      return [cell, renderAdvantage(ratio)];
    });
    grid.push([row.name, ...cells]);
  }
  return grid.toString();
}

export function renderTargets(targets: readonly Target[]): string {
  if (targets.length === 0) return "";
  const grid = newGrid(4);
  for (const target of targets) {
    const needed = `${target.bound} ${formatNumber(target.needed)}${target.unit}`;
    grid.push([target.what, `${formatNumber(target.measured)}${target.unit}`, needed, verdictOf(target, "NO")]);
  }
  return `\nTargets: measured, needed, reached\n${grid.toString()}\n`;
}

function newGrid(columns: number): CliTable.Table {
  const colAligns = ["left" as const, ...new Array<"right">(columns - 1).fill("right")];
  return new CliTable({
    chars: plain,
    colAligns,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
  });
}

function renderFigure({ median, low, high, samples }: Figure): string {
  const value = formatNumber(median);
  return samples.length === 1 ? value : `${value} (${formatNumber(low)}–${formatNumber(high)})`;
}

function renderAdvantage(figure: Figure | null): string {
  return figure === null ? "" : `×${formatNumber(figure.median)}`;
}
