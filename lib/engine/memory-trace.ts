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

interface Happening {
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

  /**
   * Of one job or of all, the latter by job. Looks at all that is remembered: some milliseconds for each ten thousand
   * owners.
   */
  pending(jobId?: number): PendingTrigger[] {
    const found: PendingTrigger[] = [];
    this.#matcher.exportMemories((owner, exported) => {
      if (jobId !== undefined && owner !== jobId) return;
      const known = this.#owners.get(owner);
      for (const { key, satisfied } of readMemories(exported)) {
        const rule = this.#rules.get(key);
        const happened = satisfied.map((term) => [term, known?.get(key)?.get(term) ?? unknown] as const);
        if (rule !== undefined) found.push(describePending(rule, owner, new Map(happened)));
      }
    });
    return found.sort((one, other) => one.jobId - other.jobId);
  }
}

const unknown: Happening = { event: null, at: null };

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
