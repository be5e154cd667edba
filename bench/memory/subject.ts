import { jobSubjects, ruleSubjects } from "./subjects.js";

/** What this program prints, as JSON. */
export interface Memory {
  /** In the JavaScript heap, in array buffers, and what the subject says it holds beside them. */
  heldBytes: number;
  /** By which the process grew. */
  residentBytes: number;
}

const [, , kind, subjectName = "", count] = process.argv;
const subject = (kind === "jobs" ? jobSubjects : ruleSubjects)[subjectName];
if (subject === undefined) throw new Error(`there is no subject "${subjectName}"`);

const { build, outside } = subject.prepare(Number(count));
const before = look();
const built = build();
const after = look();
const memory: Memory = {
  heldBytes: after.held - before.held + (outside?.() ?? 0),
  residentBytes: after.resident - before.resident,
};
if (built === undefined) throw new Error(`${subjectName} built nothing`);
process.stdout.write(JSON.stringify(memory));

function look(): { held: number; resident: number } {
  for (let times = 0; times < 4; times++) globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { held: heapUsed + external, resident: rss };
}
