import type { Expression, Trigger } from "../trigger/ast.js";
import { type EventType, globalTypes } from "../trigger/vocabulary.js";
import { quoted } from "../trigger/wording.js";
import type { Diagnostic } from "./diagnostic.js";
import type { DiagnosticCode } from "./diagnostic-codes.js";
import { error, type Place, warning } from "./place.js";
import { isForAdministrator, type QcbAction, type QcbCode } from "./qcb.js";

/** What the event that fires a code must have. */
interface Need {
  what: string;
  code: DiagnosticCode;
  types: readonly EventType[];
  hint: string;
}

const jobTypes: readonly EventType[] = ["job", "subjob", "work", "host", "time", "repeat"];
const job: Need = {
  what: "a job",
  code: "ERR_UCB_QCB_JOB",
  types: jobTypes,
  hint: `${globalTypes.join(" and ")} events belong to no job`,
};
const work: Need = {
  what: "a work item",
  code: "ERR_UCB_QCB_WORK",
  types: ["work"],
  hint: "let a work event fire it, such as failed-work-self-*",
};
const subjob: Need = {
  what: "a subjob",
  code: "ERR_UCB_QCB_SUBJOB",
  types: ["subjob"],
  hint: "let a subjob event fire it, such as blocked-subjob-self-*",
};

/**
 * Finds the codes of a `.qcb` file that need a job, a work item or a subjob which the event that fires them does not have: an
 * error where no event can have it, a warning where only some can.
 * @param placeOf where a code stands
 */
export function checkNeeds(
  codes: readonly QcbCode[],
  triggers: readonly Trigger[],
  placeOf: (code: QcbCode) => Place,
): Diagnostic[] {
  const ways = triggers.flatMap(({ expression }) => waysToFire(expression));
  return codes.flatMap((code) => {
    const need = needOf(code.action);
    if (need === null) return [];
    const without = ways.filter((way) => !way.types.some((type) => need.types.includes(type)));
    const first = without[0];
    if (first === undefined) return [];
    const message = `${quoted(code.text)} needs ${need.what}`;
    if (without.length === ways.length) {
      const triggerText = triggers.map(({ text }) => `${quoted(text.trim())}`).join(" and ");
      return [error(need.code, placeOf(code), `${message}, which ${triggerText} never has`, need.hint)];
    }
    return [
      warning("WARN_UCB_QCB_EVENT", placeOf(code), `${message}, which ${quoted(first.text)} never has`, need.hint),
    ];
  });
}

function needOf(action: QcbAction): Need | null {
  if (action.kind === "mail") return isForAdministrator(action.mail) ? null : job;
  if (action.target === "work") return work;
  return action.single ? subjob : job;
}

/** Each alternative of an expression, with the types of the events that can be the one that completes it. */
function waysToFire(expression: Expression): { text: string; types: EventType[] }[] {
  if (expression.kind === "or") return expression.operands.flatMap(waysToFire);
  const terms = termsOf(expression);
  return [{ text: terms.map(({ text }) => text).join(" && "), types: terms.flatMap(({ types }) => types) }];
}

function termsOf(expression: Expression): Extract<Expression, { kind: "term" }>[] {
  return expression.kind === "term" ? [expression] : expression.operands.flatMap(termsOf);
}
