import { UcbError } from "../errors.js";
import type { ActionTarget, Verb } from "./supervisor.js";

/** What a function of the `qb` modules asks for; its ids may narrow the target of a job verb. */
export interface VerbMeaning {
  verb: Verb;
  target: "job" | "work";
}

/** A part of a request that is one action: ids of one kind of target. */
export interface ActionRequest {
  verb: Verb;
  target: ActionTarget;
  ids: string[];
}

const jobVerbs: Record<string, Verb> = {
  block: "block",
  unblock: "unblock",
  kill: "kill",
  remove: "remove",
  retry: "retry",
  requeue: "requeue",
  complete: "complete",
  retire: "complete",
  fail: "fail",
  suspend: "suspend",
  resume: "resume",
  migrate: "migrate",
  preempt: "preempt",
  interrupt: "interrupt",
  top: "top",
  bottom: "bottom",
  shove: "shove",
};

const workVerbs: Record<string, Verb> = {
  blockwork: "block",
  unblockwork: "unblock",
  killwork: "kill",
  retrywork: "retry",
  requeuework: "requeue",
  completework: "complete",
  retirework: "complete",
  failwork: "fail",
  workblock: "block",
  workunblock: "unblock",
  workkill: "kill",
  workretry: "retry",
  workrequeue: "requeue",
  workcomplete: "complete",
};

/** Every function name of the `qb` modules that changes something, with what it means. */
export const verbTable: ReadonlyMap<string, VerbMeaning> = new Map<string, VerbMeaning>([
  ...Object.entries(jobVerbs).map(([name, verb]) => [name, { verb, target: "job" }] as const),
  ...Object.entries(workVerbs).map(([name, verb]) => [name, { verb, target: "work" }] as const),
]);

/**
 * What a call such as `qb.kill("250.0", "250:7")` asks for: one action for each kind of target, in the order in which
 * the kinds first appear. Lists are flattened and repeated ids dropped. A job verb with a subjob's or work item's id
 * addresses that subjob or work item; a work verb needs the ids of work items.
 * @throws UcbError `ERR_UCB_BRIDGE` for a name that is no verb, `ERR_UCB_ARGUMENT` for ids that are none
 */
export function actionsFor(name: string, ids: unknown): ActionRequest[] {
  const meaning = verbTable.get(name);
  if (meaning === undefined) throw new UcbError("ERR_UCB_BRIDGE", `there is no verb "${shorten(name)}"`);
  const groups = new Map<ActionTarget, Set<string>>();
  for (const value of flatten(ids)) {
    const { target, id } = parseId(value, name);
    if (meaning.target === "work" && target !== "work") {
      throw refused(name, `"${id}" is a ${target}`, `a work item is written ${id.replace(/\..*/, "")}:NAME`);
    }
    const group = groups.get(target);
    if (group === undefined) groups.set(target, new Set([id]));
    else group.add(id);
  }
  if (groups.size === 0) throw refused(name, "at least one id is needed", idForms);
  return [...groups].map(([target, group]) => ({ verb: meaning.verb, target, ids: [...group] }));
}

/** Takes one id of a job `1001`, a subjob `250.0` or a work item `250:7` for what it is, without leading zeros. */
function parseId(value: unknown, verb: string): { target: ActionTarget; id: string } {
  if (typeof value !== "string" && typeof value !== "number") {
    throw refused(verb, `${value === null ? "null" : `a value of type ${typeof value}`} is no id`, idForms);
  }
  const text = String(value).trim();
  // A fraction that travelled as a number may have lost digits: 250.10 arrives as 250.1.
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw refused(verb, `${text} is no id`, "write the id of a subjob as text");
  }
  const colon = text.indexOf(":");
  if (colon >= 0) {
    const name = text.slice(colon + 1);
    if (name === "" || hasControlCharacter(name)) throw refused(verb, `"${shorten(text)}" names no work item`, idForms);
    return { target: "work", id: `${jobIdOf(text.slice(0, colon), text, verb)}:${name}` };
  }
  const dot = text.indexOf(".");
  if (dot < 0) return { target: "job", id: jobIdOf(text, text, verb) };
  const subjob = text.slice(dot + 1);
  if (!isWholeNumber(subjob)) throw refused(verb, `"${shorten(text)}" names no subjob`, idForms);
  return { target: "subjob", id: `${jobIdOf(text.slice(0, dot), text, verb)}.${Number(subjob)}` };
}

function jobIdOf(digits: string, id: string, verb: string): string {
  if (isWholeNumber(digits) && Number(digits) > 0) return String(Number(digits));
  throw refused(verb, `"${shorten(id)}" is no id`, idForms);
}

function isWholeNumber(text: string): boolean {
  return /^[0-9]+$/.test(text) && Number.isSafeInteger(Number(text));
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) < 0x20) return true;
  return false;
}

/** Without recursion: how deep a caller nests its lists is not ours to trust. */
function* flatten(value: unknown): Generator<unknown> {
  const open = [[value].values()];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const { value: next, done } = top.next();
    if (done === true) open.pop();
    else if (Array.isArray(next)) open.push(next.values());
    else yield next;
  }
}

const idForms = "ids are whole numbers from 1: a job 1001, a subjob 1001.2, a work item 1001:NAME";

function refused(verb: string, reason: string, hint: string): UcbError {
  return new UcbError("ERR_UCB_ARGUMENT", `${verb}: ${reason} (${hint})`);
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}
