import { runChild } from "../harness/child.js";
import { sized } from "../harness/options.js";
import { report } from "../harness/report.js";
import type { Table, Target } from "../harness/result.js";
import { figureOf } from "../harness/statistics.js";
import type { Memory } from "./subject.js";
import { jobSubjects, ruleSubjects, type Subject } from "./subjects.js";

const ruleCount = sized(100_000, 1000);
const jobCount = sized(1_000_000, 10_000);
/** Libraries need so much for a job that fewer must do. */
const libraryJobCount = sized(100_000, 1000);

const rules = await measure("rules", ruleSubjects, () => ruleCount);
const jobs = await measure("jobs", jobSubjects, (key) => (key === "eventemitter2" ? libraryJobCount : jobCount));
const tables = [
  tableOf("rule", `Memory a rule, at ${ruleCount.toLocaleString("en-US")} rules`, rules),
  tableOf("job", `Memory a job that waits for two frames, at ${jobCount.toLocaleString("en-US")} jobs`, jobs),
];
const notes = [
  "Each figure is from a process of its own. Held: what the objects take; resident: what the process grew by.",
];
await report(
  "memory",
  tables,
  [...targetsOf("rule", 110, rules.slice(0, 1)), ...targetsOf("job", 64, jobs.slice(0, 2))],
  notes,
);

interface Measured {
  name: string;
  held: number[];
  resident: number[];
}

async function measure(
  kind: "rules" | "jobs",
  subjects: Readonly<Record<string, Subject>>,
  countOf: (key: string) => number,
): Promise<Measured[]> {
  const measured = Object.entries(subjects).map(([key, { name }]) => ({
    key,
    name,
    held: [] as number[],
    resident: [] as number[],
  }));
  for (let round = 0; round < sized(3, 1); round++) {
    for (const { key, held, resident } of measured) {
      const count = countOf(key);
      const { heldBytes, residentBytes } = await runChild<Memory>("memory-subject", [kind, key, String(count)], []);
      held.push(heldBytes / count);
      resident.push(residentBytes / count);
    }
  }
  return measured;
}

function tableOf(id: string, title: string, measured: readonly Measured[]): Table {
  return {
    id,
    title,
    unit: "bytes",
    better: "less",
    scale: "log",
    columns: ["held", "resident"],
    rows: measured.map(({ name, held, resident }) => ({ name, figures: [figureOf(held), figureOf(resident)] })),
    ...(measured[0] === undefined ? {} : { subject: measured[0].name }),
  };
}

function targetsOf(what: string, needed: number, measured: readonly Measured[]): Target[] {
  return measured.flatMap(({ name, held, resident }): Target[] =>
    [
      { text: "held", samples: held },
      { text: "resident", samples: resident },
    ].map(({ text, samples }) => ({
      what: `${text} a ${what}, ${name}`,
      needed,
      bound: "at most",
      measured: figureOf(samples).median,
      unit: " B",
    })),
  );
}
