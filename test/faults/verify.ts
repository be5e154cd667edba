import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expected } from "./site.js";

interface Mark {
  callback: string;
  event: string;
  jobId: number;
  runId: string;
  attempt: number;
}

export interface Verdict {
  problems: string[];
  figures: { events: number; flushed: number; runs: number; attempts: number; repeats: number };
}

function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
}

function readMarks(folder: string): Mark[] {
  return linesOf(join(folder, "marks")).map((line) => {
    const [callback = "", event = "", jobId, runId = "", attempt] = line.split(" ");
    return { callback, event, jobId: Number(jobId), runId, attempt: Number(attempt) };
  });
}

/** The events of a round, in the order in which they are reported. */
function eventsOf(id: number): string[] {
  return [
    `submit-job-${id}`,
    `submit-job-${id + 1}`,
    `failed-work-${id}-1`,
    `running-work-${id}-2`,
    `complete-job-${id + 1}`,
    `failed-job-${id}`,
  ];
}

/** Compares what was reported and flushed with what has run. */
export function verify(folder: string): Verdict {
  const problems: string[] = [];
  const marks = readMarks(folder);
  const sent = new Set(linesOf(join(folder, "sent")));
  const runIds = new Map<string, string>();
  const attempts = new Map<string, number[]>();
  for (const { callback, event, jobId, runId, attempt } of marks) {
    const firing = `${callback} ${event} ${jobId}`;
    const known = runIds.get(firing);
    if (known !== undefined && known !== runId) problems.push(`${firing} ran as ${known} and as ${runId}`);
    runIds.set(firing, runId);
    attempts.set(runId, [...(attempts.get(runId) ?? []), attempt]);
    if (!isMeant(callback, event, jobId) || !sent.has(event)) problems.push(`${firing} should not have run`);
  }
  for (const [runId, of] of attempts) {
    if (of.some((attempt, index) => attempt < (of[index - 1] ?? 1))) problems.push(`${runId} had attempts ${of}`);
  }
  let flushed = 0;
  const last = new Map<number, number>();
  for (const line of linesOf(join(folder, "flushed"))) {
    const [id = 0, index = 0] = line.split(" ").map(Number);
    last.set(id, index);
  }
  for (const [id, index] of last) {
    flushed += index + 1;
    for (const [at, event] of eventsOf(id)
      .slice(0, index + 1)
      .entries()) {
      for (const callback of expected[at] ?? []) {
        if (!runIds.has(`${callback} ${event} ${id}`)) problems.push(`${callback} has not run for ${event}`);
      }
    }
  }
  const asked = marks.filter(({ callback, attempt }) => callback === "later.pl" && attempt > 1).length;
  return {
    problems,
    figures: {
      events: sent.size,
      flushed,
      runs: attempts.size,
      attempts: marks.length,
      repeats: marks.length - attempts.size - asked,
    },
  };
}

function isMeant(callback: string, event: string, jobId: number): boolean {
  const at = eventsOf(jobId).indexOf(event);
  return (expected[at] as readonly string[] | undefined)?.includes(callback) ?? false;
}
