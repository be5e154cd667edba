import type { Expression, Pattern, Term } from "../../lib/trigger/ast.js";
import type { Rule } from "../../lib/trigger/compile.js";
import type { AttachedJob } from "../../lib/trigger/matcher.js";

interface Job {
  pid: number;
  pgrp: number;
  label: string;
}

interface Event {
  name: string;
  type: string;
  jobId: number;
  extra: string;
}

/**
 * What triggers mean, as plainly as it can be written: every rule is looked at for every event. Shares nothing with
 * the compiler, the matcher or the explanations, so that it can judge them.
 */
export class SlowEvaluator {
  readonly #jobs = new Map<number, Job>();
  #rules: readonly Rule[] = [];
  /** Rule identity → owner → positions of the terms that have happened. */
  #memories = new Map<string, Map<number, Set<number>>>();

  load(rules: readonly Rule[]): void {
    this.#rules = rules;
    const kept = new Map<string, Map<number, Set<number>>>();
    for (const rule of rules) {
      const memory = this.#memories.get(identityOf(rule));
      if (memory !== undefined) kept.set(identityOf(rule), memory);
    }
    this.#memories = kept;
  }

  attach(job: AttachedJob): void {
    this.#jobs.set(job.id, { pid: job.pid ?? 0, pgrp: job.pgrp || job.id, label: job.label ?? "" });
  }

  detach(id: number): void {
    this.#jobs.delete(id);
    for (const memory of this.#memories.values()) memory.delete(id);
  }

  /** Pairs of callback and owner. */
  match(text: string): [number, number][] {
    const event = takeApart(text);
    if (event.type === "job" && event.name === "submit" && !this.#jobs.has(event.jobId))
      this.attach({ id: event.jobId });
    const fired = new Map<string, [number, number]>();
    for (const rule of this.#rules) {
      for (const owner of this.#fire(rule, event)) fired.set(`${rule.callback} ${owner}`, [rule.callback, owner]);
    }
    if (event.type === "job" && event.name === "removed") this.detach(event.jobId);
    return [...fired.values()].sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  }

  get jobs(): AttachedJob[] {
    return [...this.#jobs].map(([id, job]) => ({ id, ...job }));
  }

  get attachedJobs(): number {
    return this.#jobs.size;
  }

  get memories(): number {
    let count = 0;
    for (const memory of this.#memories.values()) count += memory.size;
    return count;
  }

  #fire(rule: Rule, event: Event): number[] {
    const terms = termsOf(rule.trigger.expression);
    const touched = new Map<number, Set<number>>();
    terms.forEach((term, position) => {
      for (const owner of this.#owners(term, event)) {
        touched.set(owner, (touched.get(owner) ?? new Set()).add(position));
      }
    });
    if (!holdsAnd(rule.trigger.expression)) return [...touched.keys()];
    let memory = this.#memories.get(identityOf(rule));
    if (memory === undefined) {
      memory = new Map();
      this.#memories.set(identityOf(rule), memory);
    }
    const fired: number[] = [];
    for (const [owner, positions] of touched) {
      const happened = new Set([...(memory.get(owner) ?? []), ...positions]);
      const isTrue = (part: Expression): boolean => {
        if (part.kind === "term") return happened.has(terms.indexOf(part));
        return part.kind === "and" ? part.operands.every(isTrue) : part.operands.some(isTrue);
      };
      if (isTrue(rule.trigger.expression)) {
        fired.push(owner);
        memory.delete(owner);
      } else {
        memory.set(owner, happened);
      }
    }
    return fired;
  }

  #owners(term: Term, event: Event): number[] {
    if (!(term.types as readonly string[]).includes(event.type) || !fits(term.extra, event.extra)) return [];
    if (event.type.startsWith("global")) return [0];
    const names = /^(complete|killed|failed)$/.test(event.name) ? [event.name, "done"] : [event.name];
    if (!names.some((name) => fits(term.name, name))) return [];
    const { context } = term;
    if (context.kind === "self") return [event.jobId];
    if (context.kind === "job") return context.id === event.jobId ? [event.jobId] : [];
    const jobs = [...this.#jobs];
    if (context.kind === "parent") return jobs.filter(([, job]) => job.pid === event.jobId).map(([id]) => id);
    const subject = this.#jobs.get(event.jobId);
    if (context.kind !== "label" || !subject || subject.label === "" || !fits(context.label, subject.label)) return [];
    return jobs.filter(([id, job]) => id !== event.jobId && job.pgrp === subject.pgrp).map(([id]) => id);
  }
}

function identityOf(rule: Rule): string {
  return `${rule.key}\0${rule.trigger.text}`;
}

function termsOf(part: Expression): Term[] {
  return part.kind === "term" ? [part] : part.operands.flatMap(termsOf);
}

function holdsAnd(part: Expression): boolean {
  return part.kind !== "term" && (part.kind === "and" || part.operands.some(holdsAnd));
}

function takeApart(text: string): Event {
  const global = /^(globaltime|globalrepeat)-(.*)$/s.exec(text);
  if (global) return { name: "", type: global[1] ?? "", jobId: 0, extra: global[2] ?? "" };
  const parts = /^([^-]*)-([^-]*)-([0-9]+)(?:-(.*))?$/s.exec(text);
  if (!parts) throw new Error(`the test sent a malformed event: ${JSON.stringify(text)}`);
  return { name: parts[1] ?? "", type: parts[2] ?? "", jobId: Number(parts[3]), extra: parts[4] ?? "" };
}

/** By regular expression over the bytes of the UTF-8 text, one character a byte. */
function fits(pattern: Pattern, text: string): boolean {
  const bytes = (part: string) => Buffer.from(part, "utf8").toString("latin1");
  const source = pattern.map((piece) => bytes(piece).replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join(".*");
  return new RegExp(`^(?:${source})$`, "s").test(bytes(text));
}
