import fc from "fast-check";
import { expect, it } from "vitest";
import { parseEvent } from "../../lib/trigger/event.js";
import { explainTerm, explainTrigger } from "../../lib/trigger/explain.js";
import { Matcher } from "../../lib/trigger/matcher.js";
import { parseTriggerOrThrow } from "../../lib/trigger/parse.js";
import { aimedEvent, smallAim, smallEvent, smallJob } from "../support/event-arbitrary.js";
import { printTrigger } from "../support/print-trigger.js";
import { triggerModel } from "../support/trigger-arbitrary.js";
import { smallWorld } from "../support/trigger-worlds.js";

it("an explanation says what a fresh matcher does", () => {
  let fired = 0;
  let remembered = 0;
  fc.assert(
    fc.property(
      triggerModel(smallWorld, 2).map(printTrigger),
      fc.array(smallJob, { maxLength: 8, size: "max" }),
      smallEvent,
      fc.option(smallAim, { freq: 4 }),
      (text, jobs, anyEvent, aim) => {
        const trigger = parseTriggerOrThrow(text);
        const event = (aim && aimedEvent(trigger.terms, aim)) ?? anyEvent;
        const matcher = new Matcher();
        matcher.load([{ callback: 0, key: "", trigger }]);
        for (const job of jobs) matcher.attach(job);
        const owners = matcher.match(event).map(({ jobId }) => jobId);

        const fields = parseEvent(event);
        const explanation = explainTrigger(trigger, fields, jobs);
        expect(explanation).toMatchObject({ owners, fires: owners.length > 0 });
        expect(explanation.terms.map((term) => term.text)).toEqual(trigger.terms.map((term) => term.text));
        for (const [index, term] of trigger.terms.entries()) {
          const alone = explainTerm(term, fields, jobs);
          expect(alone.satisfied).toBe(alone.owners.length > 0);
          expect(explanation.terms[index]).toMatchObject({ satisfied: alone.satisfied, owners: alone.owners });
          expect(explanation.terms[index]?.reason.startsWith(alone.reason)).toBe(true);
        }
        const waits = explanation.terms.some(({ reason }) =>
          /; the trigger then waits|it is still missing/.test(reason),
        );
        // Whatever is half satisfied waits for something; removed jobs remember nothing.
        expect(waits).toBe(matcher.stats.memories > 0 && waits);
        if (trigger.expression.kind === "and") expect(waits).toBe(matcher.stats.memories > 0);
        fired += owners.length;
        remembered += matcher.stats.memories;
      },
    ),
    { numRuns: 3000 },
  );
  expect(fired).toBeGreaterThan(300);
  expect(remembered).toBeGreaterThan(100);
});
