// Writes the tables of docs/performance.md from bench/results. A test holds both together.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { formatNumber } from "../bench/harness/format.js";
import { advantageOver, type Result, type Table, verdictOf } from "../bench/harness/result.js";
import type { Figure } from "../bench/harness/statistics.js";

export const performancePath = fileURLToPath(new URL("../docs/performance.md", import.meta.url));
const results = fileURLToPath(new URL("../bench/results", import.meta.url));

/** `text` with what stands between `<!-- result: NAME/TABLE -->` and `<!-- end -->` brought up to date. */
export function withResults(text: string): string {
  return text.replace(
    /(<!-- result: (\w+)\/(\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (whole, mark: string, name: string, id: string, end: string) => {
      const file = `${results}/${name}.json`;
      if (!existsSync(file)) return whole;
      const result = JSON.parse(readFileSync(file, "utf8")) as Result;
      return `${mark}\n${id === "targets" ? targets(result) : id === "machine" ? machine(result) : figures(result, id)}\n${end}`;
    },
  );
}

function figures({ tables }: Result, id: string): string {
  const table = tables.find((each) => each.id === id);
  if (table === undefined) throw new Error(`there is no table ${id}`);
  const head = `| ${table.unit}, ${table.better} is better | ${table.columns.join(" | ")} |`;
  const rows = table.rows.map(({ name, figures: cells }) => {
    const shown = cells.map((cell, column) => cellText(table, name, cell, column));
    return `| ${name === table.subject ? `**${name}**` : name} | ${shown.join(" | ")} |`;
  });
  return `${[head, `|---|${"---:|".repeat(table.columns.length)}`, ...rows].join("\n")}\n`;
}

/** The median, and how many times as good ours is. */
function cellText(table: Table, row: string, cell: Figure | null, column: number): string {
  if (cell === null) return "–";
  const over = row === table.subject || table.subject === undefined ? null : advantageOver(table, row, column);
  return over === null ? formatNumber(cell.median) : `${formatNumber(cell.median)} (×${formatNumber(over.median)})`;
}

function targets(result: Result): string {
  const rows = result.targets.map((target) => {
    const needed = `${target.bound} ${formatNumber(target.needed)}${target.unit}`;
    const measured = `${formatNumber(target.measured)}${target.unit}`;
    return `| ${target.what} | ${measured} | ${needed} | ${verdictOf(target, "**no**")} |`;
  });
  return `${["| what | measured | wanted | reached |", "|---|---:|---:|---|", ...rows].join("\n")}\n`;
}

function machine({ machine: { processor, processors, memoryGiB, system, node }, date }: Result): string {
  return `${processor}, ${processors} processors, ${memoryGiB} GiB, ${system}, Node ${node}, ${date.slice(0, 10)}.\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(performancePath, withResults(readFileSync(performancePath, "utf8")));
}
