import { sized } from "../harness/options.js";
import { Random } from "../harness/random.js";
import type { Table } from "../harness/result.js";
import { ourOwners } from "./our-owners.js";
import { measureOwners } from "./owners.js";
import { labelMaps } from "./peers/label-maps.js";
import { flat } from "./workload.js";

const names = ["complete", "failed", "killed", "blocked"];
const labelCount = sized(10_000, 500);
const jobCount = labelCount * 3;
const groupSize = 3;

/** A rule for the jobs of one process group: it fires for the others when the one with the label is done. */
export interface LabelRule {
  name: string;
  label: string;
}

/** Jobs in groups of three, a rule for each label: an event in four fires for the two others of its group. */
export async function measureLabels(): Promise<Table> {
  const random = new Random(7000);
  const rules = Array.from(
    { length: labelCount },
    (_, index): LabelRule => ({ name: random.pick(names), label: `shot${index}` }),
  );
  const jobs = Array.from({ length: jobCount }, (_, index) => ({
    id: index + 1,
    pid: 0,
    pgrp: index - (index % groupSize) + 1,
    label: random.pick(rules).label,
  }));
  const events = Array.from({ length: sized(65_536, 2048) }, () =>
    flat(`${random.pick(names)}-job-${random.between(1, jobCount)}`),
  );
  const triggers = rules.map(({ name, label }) => `${name}-job-${label}`);
  return await measureOwners(
    {
      id: "labels",
      title: "Matching labels within process groups",
      column: `${labelCount.toLocaleString("en-US")} labels, ${jobCount.toLocaleString("en-US")} jobs in threes`,
      notes: ["Topic libraries know no labels."],
    },
    [ourOwners(triggers, jobs), labelMaps(rules, jobs)],
    events,
  );
}
