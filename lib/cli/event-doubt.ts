import type { Callback } from "../config/configuration.js";
import { type EventFields, isGlobal } from "../trigger/event.js";
import { exactText } from "../trigger/pattern.js";
import { closest } from "../trigger/suggestion.js";
import { eventNames } from "../trigger/vocabulary.js";
import { quoted } from "../trigger/wording.js";

/**
 * Says that an event's name looks misspelt: close to a name that is known, or that a trigger of the site asks for, and
 * neither of them itself. Null if there is no doubt; names are free, so that it is never more than a doubt.
 */
export function doubtOf({ name, type }: EventFields, callbacks: readonly Callback[]): string | null {
  if (isGlobal(type)) return null;
  const known = new Set<string>(eventNames);
  for (const { triggers } of callbacks) {
    for (const { trigger } of triggers) {
      for (const term of trigger.terms) {
        const asked = exactText(term.name);
        if (asked !== undefined) known.add(asked);
      }
    }
  }
  if (known.has(name)) return null;
  const meant = closest(name, [...known]);
  return meant === undefined ? null : `${quoted(name)} is no known event name: did you mean ${quoted(meant)}?`;
}
