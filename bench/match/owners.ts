import { sized } from "../harness/options.js";
import type { Table } from "../harness/result.js";
import { interleave } from "../harness/rounds.js";
import { figureOf } from "../harness/statistics.js";
import { ourName } from "./ours.js";

/** A callback and the job that owns the firing, as one number: both are small here. */
export type Pair = number;

export function pairOf(callback: number, owner: number): Pair {
  return callback * 2 ** 32 + owner;
}

/** Something that knows jobs, and tells which callbacks an event fires for which of them. */
export interface OwnerMatching {
  readonly name: string;
  /** In any order. Whoever remembers remembers this event too. */
  answer(event: string): readonly Pair[];
  /** Matches all events and returns how many pairs they fired. */
  count(events: readonly string[]): number;
}

/**
 * Compares all answers to the first events and then the counts over all of them, in the same order for all, and times
 * them after that.
 * @throws Error if any differ
 */
export async function measureOwners(
  workload: { id: string; title: string; column: string; notes: readonly string[] },
  matchings: readonly OwnerMatching[],
  events: readonly string[],
): Promise<Table> {
  for (const event of events.slice(0, sized(20_000, 1000))) checkSame(event, matchings, (one) => answerOf(one, event));
  for (let pass = 1; pass <= 2; pass++) checkSame(`pass ${pass}`, matchings, (one) => String(one.count(events)));
  const times = await interleave(
    matchings.map((matching) => ({ name: matching.name, turn: () => void matching.count(events) })),
    { rounds: sized(25, 2), warmups: sized(3, 1) },
  );
  const { id, title, column, notes } = workload;
  return {
    id,
    title,
    unit: "million events a second",
    better: "more",
    scale: "linear",
    columns: [column],
    rows: [...times].map(([name, milliseconds]) => ({
      name,
      figures: [figureOf(milliseconds.map((time) => events.length / time / 1000))],
    })),
    subject: ourName,
    notes,
  };
}

function answerOf(matching: OwnerMatching, event: string): string {
  return [...matching.answer(event)].sort((one, other) => one - other).join(" ");
}

function checkSame(what: string, matchings: readonly OwnerMatching[], ask: (one: OwnerMatching) => string): void {
  const answers = matchings.map((matching) => `${matching.name}: ${ask(matching)}`);
  const [first = ""] = answers.map((answer) => answer.slice(answer.indexOf(": ")));
  if (answers.some((answer) => answer.slice(answer.indexOf(": ")) !== first)) {
    throw new Error(`${what}: answers differ\n  ${answers.join("\n  ")}`);
  }
}
