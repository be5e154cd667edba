import type { CallbackCounters } from "../engine/counters.js";
import { table } from "./table.js";
import { harmless } from "./terminal.js";

/** What became of the runs of each callback, by its id; empty if there were none. */
export function countersTable(
  counters: Iterable<readonly [id: string, counters: CallbackCounters]>,
  width: number | null,
): string {
  const rows = [...counters].map(([id, counted]) => row(id, counted));
  return rows.length === 0 ? "" : table(columns, rows, width);
}

const columns = [
  { title: "callback", flexible: true },
  ...["fired", "succeeded", "failed", "timed out", "lost", "retried", "not run"].map((title) => ({ title })),
];

function row(id: string, counters: CallbackCounters): string[] {
  const { fired, succeeded, failed, timedOut, lost, retried, throttled, coalesced, dropped } = counters;
  const notRun = throttled + coalesced + Object.values(dropped).reduce((sum, count) => sum + count, 0);
  return [harmless(id), ...[fired, succeeded, failed, timedOut, lost, retried, notRun].map(String)];
}
