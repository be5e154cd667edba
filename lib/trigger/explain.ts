import type { Context, Expression, Term, Trigger } from "./ast.js";
import { type EventFields, isGlobal } from "./event.js";
import type { AttachedJob } from "./matcher.js";
import { describePattern, matchesPattern } from "./pattern.js";
import { Relations } from "./relations.js";
import { doneNames } from "./vocabulary.js";
import { quoted } from "./wording.js";

export interface TermExplanation {
  /** The event pattern as written. */
  text: string;
  /** Whether the event is what the pattern describes, for at least one job. */
  satisfied: boolean;
  /** The jobs it counts for, ascending; 0 for global events. */
  owners: readonly number[];
  /** For people. */
  reason: string;
}

export interface TriggerExplanation {
  /** Whether the event alone fires the trigger, with nothing remembered from before. */
  fires: boolean;
  /** The jobs it fires for, ascending; 0 for global events. */
  owners: readonly number[];
  /** From left to right. */
  terms: readonly TermExplanation[];
}

/** Says whether an event satisfies one event pattern and why, given the jobs that are attached when it comes. */
export function explainTerm(term: Term, event: EventFields, jobs: Iterable<AttachedJob>): TermExplanation {
  return explain(term, event, new Relations(jobs));
}

/** Says whether an event fires a trigger that remembers nothing yet, and what each of its event patterns makes of it. */
export function explainTrigger(trigger: Trigger, event: EventFields, jobs: Iterable<AttachedJob>): TriggerExplanation {
  const all = termsOf(trigger.expression);
  const explained = explainTerms(trigger, event, jobs);
  const ownersOf = (term: Term) => explained.get(term)?.owners ?? [];
  const owners = trigger.remembers
    ? firingOwners(trigger.expression, ownersOf)
    : [...new Set(all.flatMap((term) => ownersOf(term)))].sort((one, other) => one - other);
  const waiting = waitingOwners(trigger.expression, event, ownersOf, owners);
  const terms = all.flatMap((term) => {
    const explanation = explained.get(term);
    if (explanation === undefined) return [];
    const reason = explanation.reason + describeWaiting(waiting.get(term) ?? [], explanation.satisfied);
    return [{ ...explanation, reason }];
  });
  return { fires: owners.length > 0, owners, terms };
}

/** {@link explainTerm} for each event pattern of a trigger. */
export function explainTerms(
  trigger: Trigger,
  event: EventFields,
  jobs: Iterable<AttachedJob>,
): Map<Term, TermExplanation> {
  const relations = new Relations(jobs);
  return new Map(termsOf(trigger.expression).map((term) => [term, explain(term, event, relations)]));
}

function firingOwners(expression: Expression, ownersOf: (term: Term) => readonly number[]): number[] {
  const firing: number[] = [];
  for (const [owner, terms] of happenedByOwner(termsOf(expression), ownersOf)) {
    if (isTrue(expression, terms)) firing.push(owner);
  }
  return firing.sort((one, other) => one - other);
}

/** Which of these terms the event satisfies, by the job it counts for. */
function happenedByOwner(terms: readonly Term[], ownersOf: (term: Term) => readonly number[]): Map<number, Set<Term>> {
  const happened = new Map<number, Set<Term>>();
  for (const term of terms) {
    for (const owner of ownersOf(term)) {
      const known = happened.get(owner) ?? new Set();
      happened.set(owner, known.add(term));
    }
  }
  return happened;
}

/** Whether an expression is true when these terms have happened. */
export function isTrue(expression: Expression, happened: ReadonlySet<Term>): boolean {
  if (expression.kind === "term") return happened.has(expression);
  const holds = (operand: Expression) => isTrue(operand, happened);
  return expression.kind === "and" ? expression.operands.every(holds) : expression.operands.some(holds);
}

/** For each term under an `&&`: the jobs for which a part of it has happened and this term is still wanted. */
function waitingOwners(
  expression: Expression,
  event: EventFields,
  ownersOf: (term: Term) => readonly number[],
  firing: readonly number[],
): Map<Term, number[]> {
  const waiting = new Map<Term, number[]>();
  // What a removed job remembered goes with it, and firing forgets.
  const gone = new Set(firing);
  if (event.type === "job" && event.name === "removed") gone.add(event.jobId);
  for (const conjunction of conjunctions(expression)) {
    const terms = termsOf(conjunction);
    const happenedFor = happenedByOwner(terms, ownersOf);
    for (const owner of [...happenedFor.keys()].sort((one, other) => one - other)) {
      if (gone.has(owner)) continue;
      for (const term of missingTerms(conjunction, happenedFor.get(owner) ?? new Set())) {
        const owners = waiting.get(term);
        if (owners === undefined) waiting.set(term, [owner]);
        else owners.push(owner);
      }
    }
  }
  return waiting;
}

/** The terms that could still help an expression to become true; not those of an `||` that is. */
export function missingTerms(expression: Expression, happened: ReadonlySet<Term>): Term[] {
  if (isTrue(expression, happened)) return [];
  return expression.kind === "term"
    ? [expression]
    : expression.operands.flatMap((operand) => missingTerms(operand, happened));
}

function conjunctions(expression: Expression): Expression[] {
  if (expression.kind === "term") return [];
  return expression.kind === "and" ? [expression] : expression.operands.flatMap(conjunctions);
}

function termsOf(expression: Expression): Term[] {
  return expression.kind === "term" ? [expression] : expression.operands.flatMap(termsOf);
}

function describeWaiting(owners: readonly number[], satisfied: boolean): string {
  if (owners.length === 0) return "";
  if (satisfied) return `; for ${listJobs(owners)} it is still missing`;
  if (owners.length === 1 && owners[0] === 0) return "; the trigger then waits for this";
  return `; the trigger then waits for this, for ${listJobs(owners)}`;
}

function explain(term: Term, event: EventFields, relations: Relations): TermExplanation {
  const mismatch = fieldMismatch(term, event);
  const owners = mismatch === null ? relations.owners(term.context, event) : [];
  const reason = mismatch ?? ownerReason(term, event, relations, owners);
  return { text: term.text, satisfied: owners.length > 0, owners, reason };
}

/** What about name, type and extra does not fit; null if all does. */
export function fieldMismatch(term: Term, event: EventFields): string | null {
  if (isGlobal(event.type) !== (term.context.kind === "global")) {
    return `type is ${term.types.join(" or ")}, the event's is ${event.type}`;
  }
  if (!isGlobal(event.type) && !namesOf(event).some((name) => matchesPattern(term.name, name))) {
    return `name is ${quoted(describePattern(term.name))}, the event's is ${quoted(event.name)}`;
  }
  if (!term.types.includes(event.type)) return `type is ${term.types.join(" or ")}, the event's is ${event.type}`;
  if (matchesPattern(term.extra, event.extra)) return null;
  if (event.extra === "") return `extra ${quoted(describePattern(term.extra))} is asked for, the event has none`;
  if (term.fields.extra === undefined) return `no extra is asked for, the event has ${quoted(event.extra)}`;
  return `extra ${quoted(describePattern(term.extra))} does not match ${quoted(event.extra)}`;
}

function namesOf(event: EventFields): string[] {
  return doneNames.includes(event.name) ? [event.name, "done"] : [event.name];
}

function ownerReason(term: Term, event: EventFields, relations: Relations, owners: readonly number[]): string {
  if (owners.length === 0) return missingOwner(term.context, event, relations);
  const derived = !isGlobal(event.type) && !matchesPattern(term.name, event.name);
  return `${derived ? `done follows from ${event.name}, ` : ""}${foundOwners(term.context, event, owners)}`;
}

function foundOwners(context: Context, event: EventFields, owners: readonly number[]): string {
  switch (context.kind) {
    case "global":
      return "it happens without a job";
    case "self":
    case "job":
      return `it happens to job ${event.jobId}`;
    case "parent":
      return `job ${event.jobId} is the parent of ${listJobs(owners)}`;
    case "label":
      return `job ${event.jobId} is ${quoted(describePattern(context.label))} in the process group of ${listJobs(owners)}`;
  }
}

function missingOwner(context: Context, event: EventFields, relations: Relations): string {
  if (context.kind === "job") return `context ${context.id} is not job ${event.jobId}`;
  if (context.kind === "parent") return `job ${event.jobId} is not the parent of any attached job`;
  if (context.kind !== "label") return "it belongs to no job";
  const label = quoted(describePattern(context.label));
  const subject = relations.job(event.jobId);
  if (subject === undefined) return `label ${label} cannot be compared: job ${event.jobId} is not attached`;
  if (subject.label === "") return `label is ${label}, job ${subject.id} has none`;
  if (!matchesPattern(context.label, subject.label)) {
    return `label is ${label}, that of job ${subject.id} is ${quoted(subject.label)}`;
  }
  return `label ${label} fits, but job ${subject.id} is alone in process group ${subject.pgrp}`;
}

function listJobs(ids: readonly number[]): string {
  const shown = ids.slice(0, 5).join(", ");
  const rest = ids.length > 5 ? ` and ${ids.length - 5} more` : "";
  return `job${ids.length === 1 ? "" : "s"} ${shown}${rest}`;
}
