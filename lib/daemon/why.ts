import type { Callback } from "../config/configuration.js";
import type { Run } from "../execute/run.js";
import { fieldMismatch } from "../trigger/explain.js";

/** Why a run fired: its callback's triggers, term by term. */
export interface Why {
  run: Run;
  /** Whether the callback is as it was when the run fired; the triggers are those of now. */
  isCurrent: boolean;
  triggers: { text: string; terms: WhyTerm[] }[];
}

export interface WhyTerm {
  text: string;
  /** The event that satisfied it, and when in Unix milliseconds; null if none did. */
  event: string | null;
  at: number | null;
  /** For people. */
  reason: string;
}

export function whyOf(run: Run, callback: Callback | undefined, generation: number): Why {
  const triggers = (callback?.triggers ?? []).map(({ trigger }) => ({
    text: trigger.text,
    terms: trigger.terms.map((term): WhyTerm => {
      const cause = run.causes?.find((each) => each.term === term.text);
      if (cause !== undefined) {
        const reason =
          cause.event === null ? "it had happened before, when nobody took note" : "it had happened before";
        return { text: term.text, event: cause.event, at: cause.at, reason };
      }
      const mismatch = fieldMismatch(term, run.eventFields);
      if (mismatch === null)
        return { text: term.text, event: run.event, at: run.queuedAt, reason: "the run's own event" };
      return { text: term.text, event: null, at: null, reason: `not needed: ${mismatch}` };
    }),
  }));
  return { run, isCurrent: run.generation === generation && callback !== undefined, triggers };
}
