import { formatNumber } from "./format.js";
import type { Machine } from "./machine.js";
import { advantage, type Figure } from "./statistics.js";

/** A row is one of those compared, a column one workload. */
export interface Table {
  /** Part of file names. */
  id: string;
  title: string;
  unit: string;
  better: "more" | "less";
  /** How charts are drawn. */
  scale: "log" | "linear";
  columns: readonly string[];
  rows: readonly Row[];
  /** The row that all others are compared with; none for tables that compare nothing. */
  subject?: string;
  notes?: readonly string[];
}

export interface Row {
  name: string;
  /** One for each column; null where there is nothing to measure. */
  figures: readonly (Figure | null)[];
}

/** Something that the measurement must show. */
export interface Target {
  what: string;
  /** At least this, or at most. */
  needed: number;
  bound: "at least" | "at most";
  measured: number;
  unit: string;
  /** What bounds it on this machine, whoever does it, and where that bound was in the same run. */
  limit?: { what: string; measured: number };
}

export interface Result {
  name: string;
  machine: Machine;
  date: string;
  tables: readonly Table[];
  targets: readonly Target[];
  notes: readonly string[];
}

export function isReached({ needed, bound, measured }: Target): boolean {
  return bound === "at least" ? measured >= needed : measured <= needed;
}

/** What a target's last column says: whether it is reached, and if not, what is in the way as far as that was measured. */
export function verdictOf(target: Target, missed: string): string {
  if (isReached(target)) return "yes";
  const { limit, unit } = target;
  return limit === undefined ? missed : `${missed}; ${limit.what} ${formatNumber(limit.measured)}${unit}`;
}

/** How many times as good the table's subject is as another row, in one column; null if either has no figure. */
export function advantageOver(table: Table, row: string, column: number): Figure | null {
  const subject = table.rows.find(({ name }) => name === table.subject)?.figures[column];
  const other = table.rows.find(({ name }) => name === row)?.figures[column];
  if (subject === undefined || subject === null || other === undefined || other === null) return null;
  return advantage(subject, other, table.better);
}
