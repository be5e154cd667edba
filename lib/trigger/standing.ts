import type { Term, Trigger } from "./ast.js";
import type { EventFields } from "./event.js";
import { explainTerms, isTrue, missingTerms } from "./explain.js";
import type { AttachedJob } from "./matcher.js";

/** What an event would make of a trigger for one owner, with what has happened to it before. */
export interface Standing {
  /** The owner; 0 for global events. */
  jobId: number;
  fires: boolean;
  /** From left to right. */
  terms: TermStanding[];
}

/** How one event pattern of a trigger stands. */
export interface TermStanding {
  /** The event pattern as written. */
  text: string;
  /** By the event itself, by one before, or not. */
  satisfied: "now" | "before" | "no";
  /** Whether the trigger still waits for it. */
  isMissing: boolean;
  /** What the event has to do with it, for people. */
  reason: string;
}

/**
 * What an event would make of a trigger for each owner that it concerns, ascending; if it concerns none, for the event's own job.
 * @param remembered the numbers, from 0, of the terms that have happened to an owner
 */
export function standingsOf(
  trigger: Trigger,
  event: EventFields,
  jobs: Iterable<AttachedJob>,
  remembered: (owner: number) => Pick<ReadonlySet<number>, "has">,
): Standing[] {
  const explained = explainTerms(trigger, event, jobs);
  const ownersByTerm = new Map([...explained].map(([term, explanation]) => [term, new Set(explanation.owners)]));
  const owners = new Set([...explained.values()].flatMap((explanation) => explanation.owners));
  if (owners.size === 0) owners.add(event.jobId);
  return [...owners]
    .sort((one, other) => one - other)
    .map((jobId) => {
      const now = trigger.terms.filter((term) => ownersByTerm.get(term)?.has(jobId));
      const before = remembered(jobId);
      const happened = new Set([...now, ...trigger.terms.filter((_, index) => before.has(index))]);
      const fires = now.length > 0 && (trigger.remembers ? isTrue(trigger.expression, happened) : true);
      const missing = new Set<Term>(fires ? [] : missingTerms(trigger.expression, happened));
      const terms = trigger.terms.map((term, index): TermStanding => {
        const satisfied = now.includes(term) ? "now" : before.has(index) ? "before" : "no";
        const reason = explained.get(term)?.reason ?? "";
        return { text: term.text, satisfied, isMissing: missing.has(term), reason };
      });
      return { jobId, fires, terms };
    });
}
