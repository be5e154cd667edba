import type { Callback } from "../config/configuration.js";
import type { Run } from "../execute/run.js";
import { fieldMismatch } from "../trigger/explain.js";
import { parseTrigger } from "../trigger/parse.js";

/** Why a run fired: the triggers that its callback had, term by term. */
export interface Why {
  run: Run;
  /** Whether the callback is still there and has these triggers. */
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

/** `callback` is the run's as it is now, if there is one. */
export function whyOf(run: Run, callback: Callback | undefined): Why {
  const triggers = run.triggers.map((text) => ({
    text,
    terms: (parseTrigger(text).trigger?.terms ?? []).map((term): WhyTerm => {
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
  const now = callback?.triggers.map(({ trigger }) => trigger.text);
  return { run, isCurrent: JSON.stringify(now) === JSON.stringify(run.triggers), triggers };
}
