import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../lib/package-root.js";
import { drawChart } from "./chart.js";
import { describeMachine } from "./machine.js";
import { isShort } from "./options.js";
import { renderTable, renderTargets } from "./print.js";
import type { Result, Table, Target } from "./result.js";

/** Figures of a short run are worth nothing: they must not take the place of real ones. */
const folder = join(packageRoot, isShort ? "build-bench/results" : "bench/results");

/** Prints a benchmark's tables and writes them as JSON, and a chart of each. */
export async function report(
  name: string,
  tables: readonly Table[],
  targets: readonly Target[],
  notes: readonly string[] = [],
): Promise<void> {
  const result: Result = { name, machine: describeMachine(), date: new Date().toISOString(), tables, targets, notes };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(result, rounded, 1)}\n`);
  for (const table of tables) {
    process.stdout.write(renderTable(table));
    await writeFile(join(folder, `${name}-${table.id}.svg`), drawChart(table));
  }
  process.stdout.write(isShort ? "" : renderTargets(targets));
  for (const note of notes) process.stdout.write(`${note}\n`);
}

/** More digits than a measurement has only make the file long. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}
