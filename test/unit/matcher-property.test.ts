import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UcbError } from "../../lib/errors.js";
import type { Rule } from "../../lib/trigger/compile.js";
import { parseEvent } from "../../lib/trigger/event.js";
import { type AttachedJob, Matcher } from "../../lib/trigger/matcher.js";
import { parseTriggerOrThrow } from "../../lib/trigger/parse.js";
import { type Aim, aimedEvent, smallAim, smallEvent, smallJob } from "../support/event-arbitrary.js";
import { printTrigger } from "../support/print-trigger.js";
import { SlowEvaluator } from "../support/slow-evaluator.js";
import { triggerModel } from "../support/trigger-arbitrary.js";
import { smallWorld, wildWorld } from "../support/trigger-worlds.js";

const smallTrigger = triggerModel(smallWorld, 2).map((model) => parseTriggerOrThrow(printTrigger(model)));

/** Some callbacks with one or two triggers each; the key is the callback's name and stays when its number moves. */
const ruleSet: fc.Arbitrary<Rule[]> = fc
  .array(fc.array(smallTrigger, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 8 })
  .map((callbacks) =>
    callbacks.flatMap((triggers, callback) =>
      triggers.map((trigger) => ({ callback, key: `0/${callback}.py`, trigger })),
    ),
  );

type Step =
  | { kind: "event"; event: string }
  | { kind: "aimed"; aim: Aim }
  | { kind: "attach" | "submit"; job: AttachedJob }
  | { kind: "detach"; id: number }
  | { kind: "restart"; attachFirst: boolean; rules: Rule[] | null }
  | { kind: "reload"; keep: boolean[]; shift: number; rules: Rule[] };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 15, arbitrary: fc.record({ kind: fc.constant("event" as const), event: smallEvent }) },
  { weight: 25, arbitrary: fc.record({ kind: fc.constant("aimed" as const), aim: smallAim }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constantFrom("attach" as const, "submit" as const), job: smallJob }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("detach" as const), id: smallWorld.jobIds }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("restart" as const),
      attachFirst: fc.boolean(),
      rules: fc.option(ruleSet, { freq: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("reload" as const),
      keep: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      shift: fc.integer({ min: 0, max: 20 }),
      rules: ruleSet,
    }),
  },
);

/** The matcher and its judge, which must agree after every step. */
class Pair {
  #matcher = new Matcher();
  readonly #judge = new SlowEvaluator();
  /** What a journal would hold that is told of every change. */
  readonly #journal = new Map<number, Uint8Array>();
  #rules: readonly Rule[] = [];
  fired = 0;
  imported = 0;

  constructor() {
    this.#matcher.trackMemories();
  }

  load(rules: readonly Rule[]): void {
    this.#rules = rules;
    this.#matcher.load(rules);
    this.#judge.load(rules);
  }

  take(step: Step): void {
    if (step.kind === "event") this.#match(step.event);
    if (step.kind === "aimed") this.#aim(step.aim);
    if (step.kind === "reload") this.#reload(step);
    if (step.kind === "restart") this.#restart(step);
    if (step.kind === "attach" || step.kind === "submit") {
      this.#matcher.attach(step.job);
      this.#judge.attach(step.job);
      if (step.kind === "submit") this.#match(`submit-job-${step.job.id}`);
    }
    if (step.kind === "detach") {
      this.#matcher.detach(step.id);
      this.#judge.detach(step.id);
    }
    const { attachedJobs, memories } = this.#matcher.stats;
    expect({ attachedJobs, memories }).toEqual({
      attachedJobs: this.#judge.attachedJobs,
      memories: this.#judge.memories,
    });
  }

  /** Goes on with another matcher that has nothing but what was exported; perhaps the rules changed meanwhile. */
  #restart({ attachFirst, rules }: Step & { kind: "restart" }): void {
    this.#takeChanges();
    expect(exportsOf(this.#matcher)).toEqual(this.#journal);
    this.#matcher = new Matcher();
    this.#matcher.trackMemories();
    this.load(rules === null ? this.#rules : [...rules, ...this.#rules.slice(0, 3)]);
    const attach = () => {
      for (const job of this.#judge.jobs) this.#matcher.attach(job);
    };
    if (attachFirst) attach();
    for (const [owner, exported] of this.#journal) this.#matcher.importMemories(owner, exported);
    if (!attachFirst) attach();
    this.imported += this.#journal.size;
    this.#takeChanges();
    expect(exportsOf(this.#matcher)).toEqual(this.#journal);
  }

  #takeChanges(): void {
    const seen = new Set<number>();
    const count = this.#matcher.takeChangedMemories((owner, exported) => {
      expect(seen.has(owner)).toBe(false);
      seen.add(owner);
      if (exported === null) this.#journal.delete(owner);
      else this.#journal.set(owner, exported);
    });
    expect(count).toBe(seen.size);
  }

  #match(event: string): void {
    const expected = this.#judge.match(event).map(([callback, jobId]) => ({ callback, jobId }));
    expect(this.#matcher.match(event)).toEqual(expected);
    this.fired += expected.length;
  }

  #aim(aim: Aim): void {
    const terms = this.#rules.flatMap((rule) => rule.trigger.terms);
    const event = aimedEvent(terms, aim);
    if (event !== null) this.#match(event);
  }

  /** Drops some rules, gives the rest new numbers, and adds callbacks of other names. */
  #reload({ keep, shift, rules }: Step & { kind: "reload" }): void {
    const kept = this.#rules.filter((_, index) => keep[index % keep.length]);
    const added = rules.map((rule) => ({ ...rule, key: `${rule.key} of ${shift}` }));
    this.load([...added, ...kept.map((rule) => ({ ...rule, callback: rule.callback + shift }))]);
  }
}

function exportsOf(matcher: Matcher): Map<number, Uint8Array> {
  const exports = new Map<number, Uint8Array>();
  matcher.exportMemories((owner, exported) => exports.set(owner, exported));
  return exports;
}

describe("the matcher and the slow evaluator", () => {
  it("agree on every step of any stream of events", () => {
    let fired = 0;
    let imported = 0;
    fc.assert(
      fc.property(ruleSet, fc.array(step, { minLength: 5, maxLength: 60, size: "max" }), (rules, steps) => {
        const pair = new Pair();
        pair.load(rules);
        for (const each of steps) pair.take(each);
        fired += pair.fired;
        imported += pair.imported;
      }),
      { numRuns: 600 },
    );
    // Otherwise the streams would show little.
    expect(fired).toBeGreaterThan(1500);
    expect(imported).toBeGreaterThan(300);
  });

  it("agree on text of every kind", () => {
    let fired = 0;
    const wildTrigger = triggerModel(wildWorld, 1).map((model) => parseTriggerOrThrow(printTrigger(model)));
    const triggers = fc.array(wildTrigger, { minLength: 1, maxLength: 4 });
    const word = fc.oneof(wildWorld.extras, wildWorld.labels).map((pattern) => pattern.join(""));
    const job = fc.record({ id: fc.constantFrom(1, 2, 3), pgrp: fc.constant(1), label: word });
    fc.assert(
      fc.property(triggers, fc.array(job), fc.array(word, { maxLength: 3 }), (rules, jobs, words) => {
        const pair = new Pair();
        pair.load(rules.map((trigger, callback) => ({ callback, key: `${callback}`, trigger })));
        for (const each of jobs) pair.take({ kind: "attach", job: each });
        const terms = rules.flatMap((trigger) => trigger.terms);
        for (const [choice, { context }] of terms.entries()) {
          // With and without something in the place of each wildcard.
          for (const filling of ["", ...words]) {
            const label = context.kind === "label" ? context.label.join(filling) : "a";
            pair.take({ kind: "attach", job: { id: 1, pgrp: 1, label } });
            pair.take({ kind: "aimed", aim: { choice, jobId: 1, filling } });
            pair.take({ kind: "aimed", aim: { choice, jobId: 1, filling: filling.replaceAll("-", "") } });
          }
        }
        fired += pair.fired;
      }),
      { numRuns: 400 },
    );
    expect(fired).toBeGreaterThan(1000);
  });

  it("refuse the same events, for the reason the parser gives", () => {
    const parts = [
      "complete",
      "job",
      "work",
      "globaltime",
      "globalrepeat",
      "-",
      "-",
      "-",
      "1",
      "0",
      "007",
      "9007199254740991",
      "9007199254740992",
      " ",
      "é",
      "\0",
    ];
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...parts), { maxLength: 7 }).map((all) => all.join("")),
    );
    const matcher = new Matcher();
    matcher.load([
      { callback: 0, key: "", trigger: parseTriggerOrThrow("*-*-self-* || globaltime-* || globalrepeat-*") },
    ]);
    fc.assert(
      fc.property(text, (event) => {
        const outcome = (use: () => unknown): unknown => {
          try {
            return use();
          } catch (error) {
            return error instanceof UcbError ? error.message : error;
          }
        };
        const expected = outcome(() => [{ callback: 0, jobId: parseEvent(event).jobId }]);
        expect(outcome(() => matcher.match(event))).toEqual(expected);
      }),
      { numRuns: 5000 },
    );
  });
});
