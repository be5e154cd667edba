import type { SatisfiedTerm } from "../execute/run.js";
import type { Trigger } from "../trigger/ast.js";
import type { Rule } from "../trigger/compile.js";
import type { Matcher } from "../trigger/matcher.js";
import { readMemories, ruleKey } from "../trigger/memories.js";

/** An `&&` trigger that some of what it waits for has happened to. */
export interface PendingTrigger {
  callbackId: string;
  /** The owner: the job it would fire for; 0 for global events. */
  jobId: number;
  trigger: string;
  satisfied: SatisfiedTerm[];
  /** The other terms of the trigger, as they are written. */
  missing: string[];
  /** When the first of them happened, in Unix milliseconds; null where it is not known any more. */
  since: number | null;
}

/** What has satisfied a term, as far as somebody took note. */
export interface Happening {
  event: string | null;
  at: number | null;
}

/** What has happened for one owner: by rule and number of the term. */
type Happenings = Map<string, Map<number, Happening>>;

interface KnownRule {
  callbackId: string;
  trigger: Trigger;
}

/** Knows which events have satisfied the terms of `&&` triggers, where it is told after each of them. */
export class MemoryTrace {
  readonly #matcher: Matcher;
  #rules = new Map<string, KnownRule>();
  readonly #owners = new Map<number, Happenings>();

  constructor(matcher: Matcher) {
    this.#matcher = matcher;
  }

  /** Takes over what triggers remember of a time in which nobody took note: some milliseconds for each ten thousand owners. */
  takeOver(): void {
    this.#matcher.exportMemories((owner, exported) => {
      if (!this.#owners.has(owner)) this.changed(owner, exported, null);
    });
  }

  rulesLoaded(rules: readonly Rule[]): void {
    const remembering = rules.filter(({ trigger }) => trigger.remembers);
    this.#rules = new Map(
      remembering.map(({ key, trigger }) => [ruleKey(key, trigger), { callbackId: key, trigger }] as const),
    );
  }

  /** What an owner remembers has changed, by an event or in another way. */
  changed(owner: number, exported: Uint8Array | null, event: string | null): void {
    const before = this.#owners.get(owner);
    this.#owners.delete(owner);
    if (exported === null) return;
    const at = event === null ? null : Date.now();
    const happenings: Happenings = new Map();
    for (const { key, satisfied } of readMemories(exported)) {
      const known = before?.get(key);
      happenings.set(key, new Map(satisfied.map((term) => [term, known?.get(term) ?? { event, at }])));
    }
    this.#owners.set(owner, happenings);
  }

  /** What has happened before for a callback that fires; to be asked before {@link changed} is told of the event. */
  causes(owner: number, callbackId: string): SatisfiedTerm[] {
    const causes: SatisfiedTerm[] = [];
    for (const [key, terms] of this.#owners.get(owner) ?? []) {
      const rule = this.#rules.get(key);
      if (rule?.callbackId === callbackId) causes.push(...describe(rule.trigger, terms));
    }
    return causes;
  }

  /** What has happened for an owner to the terms of a trigger, by their number. */
  happened(owner: number, callbackId: string, trigger: Trigger): ReadonlyMap<number, Happening> {
    return this.#owners.get(owner)?.get(ruleKey(callbackId, trigger)) ?? nothing;
  }

  /** Of one job or of all, the latter by job. */
  pending(jobId?: number): PendingTrigger[] {
    const owners = jobId === undefined ? this.#owners : ownOf(this.#owners, jobId);
    const found: PendingTrigger[] = [];
    for (const [owner, happenings] of owners) {
      for (const [key, happened] of happenings) {
        const rule = this.#rules.get(key);
        if (rule !== undefined) found.push(describePending(rule, owner, happened));
      }
    }
    return found.sort((one, other) => one.jobId - other.jobId);
  }
}

const nothing: ReadonlyMap<number, Happening> = new Map();

function ownOf(owners: ReadonlyMap<number, Happenings>, owner: number): [number, Happenings][] {
  const own = owners.get(owner);
  return own === undefined ? [] : [[owner, own]];
}

function describe({ terms }: Trigger, happened: ReadonlyMap<number, Happening>): SatisfiedTerm[] {
  return [...happened].map(([index, { event, at }]) => ({ term: terms[index]?.text ?? "", event, at }));
}

function describePending(
  { callbackId, trigger }: KnownRule,
  jobId: number,
  happened: ReadonlyMap<number, Happening>,
): PendingTrigger {
  const times = [...happened.values()].map(({ at }) => at);
  const isKnown = times.every((at) => at !== null);
  return {
    callbackId,
    jobId,
    trigger: trigger.text,
    satisfied: describe(trigger, happened),
    missing: trigger.terms.filter((_, index) => !happened.has(index)).map(({ text }) => text),
    since: isKnown ? Math.min(...(times as number[])) : null,
  };
}
