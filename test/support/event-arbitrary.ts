import fc from "fast-check";
import type { Term } from "../../lib/trigger/ast.js";
import type { AttachedJob } from "../../lib/trigger/matcher.js";
import { smallWorld } from "./trigger-worlds.js";

const names = fc.constantFrom(
  "complete",
  "complete",
  "failed",
  "killed",
  "done",
  "own",
  "submit",
  "removed",
  "blocked",
);
const types = fc.constantFrom("job", "job", "job", "work", "work", "subjob", "host", "time", "repeat");
const extras = fc.constantFrom("", "", "1", "10", "100", "frame-1", "xa1", "1-2", "10-11", "*");

/** Events of the small world, as they travel. */
export const smallEvent: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.tuple(names, types, smallWorld.jobIds, extras).map(([name, type, id, extra]) => {
      // A job event with an extra is rare, but it can be reported.
      const tail = extra === "" || (type === "job" && extra !== "*") ? "" : `-${extra}`;
      return `${name}-${type}-${id}${tail}`;
    }),
  },
  fc.constantFrom("globaltime-1", "globaltime-10", "globalrepeat-1-2", "globalrepeat-10-11"),
);

/** Jobs of the small world, with parents and groups that may not exist, or be the job itself. */
export const smallJob: fc.Arbitrary<AttachedJob & { id: number }> = fc.record(
  {
    id: smallWorld.jobIds,
    pid: fc.integer({ min: 0, max: 6 }),
    pgrp: fc.integer({ min: 0, max: 3 }),
    label: fc.constantFrom("", "a", "ab", "self", "é", "ba"),
  },
  { requiredKeys: ["id"] },
);

/** What an event pattern leaves open. */
export interface Aim {
  /** Chooses the event pattern and the type, any number. */
  choice: number;
  jobId: number;
  /** Takes the place of wildcards. */
  filling: string;
}

export const smallAim: fc.Arbitrary<Aim> = fc.record({
  choice: fc.nat({ max: 1000 }),
  jobId: fc.integer({ min: 1, max: 3 }),
  filling: fc.constantFrom("", "0", "le"),
});

/** An event that fits name, type and extra of one of the event patterns, unless a wildcard's place makes it malformed. */
export function aimedEvent(terms: readonly Term[], { choice, jobId, filling }: Aim): string | null {
  const term = terms[choice % terms.length];
  const type = term?.types[choice % term.types.length];
  if (term === undefined || type === undefined) return null;
  const extra = term.extra.join(filling);
  if (term.context.kind === "global") return extra === "" ? null : `${type}-${extra}`;
  const name = term.name.join(filling);
  if (name === "" || name.includes("-") || name === "globaltime" || name === "globalrepeat") return null;
  const subject = term.context.kind === "job" ? term.context.id : jobId;
  const head = `${name === "done" && choice % 2 === 0 ? "failed" : name}-${type}-${subject}`;
  return extra === "" ? head : `${head}-${extra}`;
}
