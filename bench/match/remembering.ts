import type { AttachedJob } from "../../lib/trigger/matcher.js";
import { sized } from "../harness/options.js";
import { Random } from "../harness/random.js";
import type { Table } from "../harness/result.js";
import { ourOwners } from "./our-owners.js";
import { measureOwners } from "./owners.js";
import { memoryMap } from "./peers/memory-map.js";
import { flat } from "./workload.js";

const jobCount = sized(1_000_000, 20_000);
const frameRules = 95;
const parentRules = 5;
const frames = 1000;

/** Two things that must both have happened; a frame of null is the job itself. */
export interface TwoTerms {
  one: { name: string; frame: number | null };
  other: { name: string; frame: number | null; ofParent: boolean };
}

interface RememberingWorkload {
  rules: TwoTerms[];
  triggers: string[];
  jobs: AttachedJob[];
  events: string[];
}

/** A tenth of the jobs have a parent. Half of the events are terms of a rule. */
export function rememberingWorkload(jobCount: number, eventCount: number): RememberingWorkload {
  const random = new Random(8000);
  const names = ["complete", "failed", "running"];
  const rules: TwoTerms[] = [];
  for (let index = 0; index < frameRules; index++) {
    const frame = random.between(1, frames - 1);
    rules.push({
      one: { name: "complete", frame },
      other: { name: "complete", frame: frame + random.between(1, frames - frame), ofParent: false },
    });
  }
  for (let index = 0; index < parentRules; index++) {
    const name = random.pick(names);
    rules.push({ one: { name, frame: null }, other: { name: random.pick(names), frame: null, ofParent: true } });
  }
  const jobs = Array.from(
    { length: jobCount },
    (_, index): AttachedJob => ({ id: index + 1, pid: random.chance(0.1) ? random.between(1, jobCount) : 0 }),
  );
  const events: string[] = [];
  // Events come back to the same few thousand jobs, or nothing would ever become true.
  const busy = Array.from({ length: sized(20_000, 500) }, () => random.between(1, jobCount));
  while (events.length < eventCount) {
    const job = random.chance(0.5) ? random.pick(busy) : random.between(1, jobCount);
    const { one, other } = random.pick(rules);
    const { name, frame } = random.chance(0.5) ? one : other;
    const aimed = random.chance(0.5);
    const number = aimed ? frame : random.between(1, frames);
    events.push(flat(number === null ? `${name}-job-${job}` : `${name}-work-${job}-${number}`));
  }
  return { rules, triggers: rules.map(triggerOf), jobs, events };
}

export async function measureRemembering(): Promise<Table> {
  const { rules, triggers, jobs, events } = rememberingWorkload(jobCount, sized(65_536, 4096));
  return await measureOwners(
    {
      id: "remembering",
      title: "Matching rules that remember",
      column: `${rules.length} && rules, ${jobCount.toLocaleString("en-US")} jobs attached`,
      notes: ["Topic libraries remember nothing."],
    },
    [ourOwners(triggers, jobs), memoryMap(rules, jobs)],
    events,
  );
}

function triggerOf({ one, other }: TwoTerms): string {
  return `${termOf(one, false)} && ${termOf(other, other.ofParent)}`;
}

function termOf({ name, frame }: { name: string; frame: number | null }, ofParent: boolean): string {
  const context = ofParent ? "parent" : "self";
  return frame === null ? `${name}-job-${context}` : `${name}-work-${context}-${frame}`;
}
