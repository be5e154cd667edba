import type { Verb } from "../bridge/supervisor.js";
import { quoted } from "../trigger/wording.js";
import type { Diagnostic } from "./diagnostic.js";
import { didYouMean } from "./did-you-mean.js";
import { error, placeIn, warning, wholeFile } from "./place.js";
import { splitLines } from "./split-lines.js";

/** What one line of a `.qcb` file means. */
export type QcbAction =
  /** `single` subjob codes act on the event's subjob only; the others on all of the job's where the event has none. */
  | { kind: "perform"; verb: Verb; target: "job" | "work" | "subjob"; single: boolean }
  | { kind: "mail"; mail: "status" | "license-status" | "report-status" | "subjob-status" };

/** A code string with where it stands. */
export interface QcbCode {
  text: string;
  line: number;
  column: number;
  action: QcbAction;
}

/** Whether mails of this kind go to the site's administrator and not to a job's owner. */
export function isForAdministrator(mail: Extract<QcbAction, { kind: "mail" }>["mail"]): boolean {
  return mail === "license-status" || mail === "report-status";
}

const verbsOf = {
  job: ["unblock", "block", "fail", "kill", "migrate", "preempt", "interrupt", "suspend", "resume"],
  work: ["block", "kill", "unblock", "retry", "requeue", "complete", "fail"],
  subjob: ["unblock", "block", "fail", "kill", "migrate", "preempt", "interrupt", "suspend", "resume"],
} as const satisfies Record<string, readonly Verb[]>;

/** Every code string there is, with its meaning. */
export const qcbActions: ReadonlyMap<string, QcbAction> = new Map<string, QcbAction>([
  ...verbsOf.job.map((verb) => perform(`${verb}-self`, verb, "job")),
  ...verbsOf.work.map((verb) => perform(`${verb}-work-self`, verb, "work")),
  ...verbsOf.subjob.map((verb) => perform(`${verb}-subjob-self`, verb, "subjob")),
  perform("unblock-subjob-self-single", "unblock", "subjob", true),
  ["mail-status", { kind: "mail", mail: "status" }],
  ["mail-license-status", { kind: "mail", mail: "license-status" }],
  ["mail-report-status", { kind: "mail", mail: "report-status" }],
  ["mail-subjob-status", { kind: "mail", mail: "subjob-status" }],
]);

/**
 * Reads a `.qcb` file: one code string a line, in the order they run; `#` starts a comment.
 * @param file absolute, for the diagnostics
 */
export function parseQcb(text: string, file: string): { codes: QcbCode[]; diagnostics: Diagnostic[] } {
  const codes: QcbCode[] = [];
  const diagnostics: Diagnostic[] = [];
  const lines = splitLines(text);
  for (const [index, source] of lines.entries()) {
    const code = source.replace(/#.*/s, "").trim();
    if (code === "") continue;
    const extent = { line: index + 1, column: source.search(/\S/) + 1, length: code.length };
    const action = qcbActions.get(code);
    if (action !== undefined) codes.push({ text: code, line: extent.line, column: extent.column, action });
    else {
      const message = `${quoted(code)} is no code`;
      diagnostics.push(error("ERR_UCB_QCB_CODE", placeIn(file, lines, extent), message, hintFor(code)));
    }
  }
  if (codes.length === 0 && diagnostics.length === 0) {
    const hint = "write a code such as unblock-self on a line of its own";
    diagnostics.push(warning("WARN_UCB_QCB_EMPTY", wholeFile(file), "this callback does nothing", hint));
  }
  return { codes, diagnostics };
}

function hintFor(code: string): string {
  const parts = code.split(/[\s,;]+/).filter((part) => part !== "");
  if (parts.length > 1 && parts.every((part) => qcbActions.has(part))) return "write one code a line";
  const meant = didYouMean(code, qcbActions.keys());
  return meant ?? `a code is a verb and what it is done to, such as ${exampleFor(code)}`;
}

function exampleFor(code: string): string {
  const kind = code.includes("work")
    ? "retry-work-self"
    : code.includes("subjob")
      ? "kill-subjob-self"
      : "unblock-self";
  return code.startsWith("mail") ? "mail-status" : kind;
}

function perform(text: string, verb: Verb, target: "job" | "work" | "subjob", single = false): [string, QcbAction] {
  return [text, { kind: "perform", verb, target, single }];
}
