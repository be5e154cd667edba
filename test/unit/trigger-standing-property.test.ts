import fc from "fast-check";
import { expect, test } from "vitest";
import { parseEvent } from "../../lib/trigger/event.js";
import { Matcher } from "../../lib/trigger/matcher.js";
import { readMemories } from "../../lib/trigger/memories.js";
import { parseTriggerOrThrow } from "../../lib/trigger/parse.js";
import { standingsOf } from "../../lib/trigger/standing.js";
import { aimedEvent, smallAim, smallEvent, smallJob } from "../support/event-arbitrary.js";
import { printTrigger } from "../support/print-trigger.js";
import { triggerModel } from "../support/trigger-arbitrary.js";
import { smallWorld } from "../support/trigger-worlds.js";

function memoriesOf(matcher: Matcher): Map<number, Set<number>> {
  const found = new Map<number, Set<number>>();
  matcher.exportMemories((owner, exported) => {
    for (const { satisfied } of readMemories(exported)) found.set(owner, new Set(satisfied));
  });
  return found;
}

test("what is said of an event is what the matcher makes of it, whatever happened before", () => {
  let [fired, byMemory, missing] = [0, 0, 0];
  fc.assert(
    fc.property(
      triggerModel(smallWorld, 2).map(printTrigger),
      fc.array(smallJob, { maxLength: 8, size: "max" }),
      fc.array(fc.tuple(smallEvent, fc.option(smallAim, { freq: 20 })), { minLength: 4, maxLength: 20, size: "max" }),
      (text, jobs, events) => {
        const trigger = parseTriggerOrThrow(text);
        const matcher = new Matcher();
        matcher.load([{ callback: 0, key: "", trigger }]);
        const attached = new Map(jobs.map((job) => [job.id, job]));
        for (const job of jobs) matcher.attach(job);
        for (const [any, aim] of events) {
          const event = (aim && aimedEvent(trigger.terms, aim)) ?? any;
          const fields = parseEvent(event);
          const isLifecycle = fields.type === "job" && (fields.name === "submit" || fields.name === "removed");
          // An event that attaches is told to both before it is matched.
          if (isLifecycle && fields.name === "submit" && !attached.has(fields.jobId)) {
            attached.set(fields.jobId, { id: fields.jobId });
          }
          const before = memoriesOf(matcher);
          const said = standingsOf(trigger, fields, attached.values(), (owner) => before.get(owner) ?? new Set());
          const owners = matcher.match(event).map(({ jobId }) => jobId);
          expect(said.filter(({ fires }) => fires).map(({ jobId }) => jobId)).toEqual(owners);
          const after = memoriesOf(matcher);
          for (const { jobId, fires, terms } of said) {
            const happened = terms.flatMap(({ satisfied }, index) => (satisfied === "no" ? [] : [index]));
            const isGone = isLifecycle && fields.name === "removed" && jobId === fields.jobId;
            const isKept = trigger.remembers && !fires && !isGone && happened.length > 0;
            expect(after.get(jobId) ?? new Set()).toEqual(new Set(isKept ? happened : []));
            expect(terms.some(({ isMissing }) => isMissing)).toBe(!fires);
            if (fires && terms.some(({ satisfied }) => satisfied === "before")) byMemory++;
            missing += fires ? 0 : 1;
          }
          fired += owners.length;
          if (isLifecycle && fields.name === "removed") attached.delete(fields.jobId);
        }
      },
    ),
    { numRuns: 1000 },
  );
  expect(fired).toBeGreaterThan(300);
  expect(byMemory).toBeGreaterThan(20);
  expect(missing).toBeGreaterThan(300);
});
