import { leftOutOf, type NowExplanation } from "../daemon/now-explanation.js";
import type { EventExplanation, Obstacle, OwnerStanding, TriggerStanding } from "../engine/event-explanation.js";
import { UcbError } from "../errors.js";
import type { SiteOptions } from "./common-options.js";
import { note } from "./complaint.js";
import { count } from "./count.js";
import { type ClientOptions, showAnswer } from "./daemon-client.js";
import { exitCodes } from "./exit-codes.js";
import { readRecordFor } from "./job-file.js";
import { placeText } from "./place-text.js";
import { readUsableSite } from "./site.js";
import { StandardOutput } from "./standard-output.js";
import { harmless, type Terminal, terminalOf } from "./terminal.js";

export interface ExplainNowOptions extends ClientOptions, SiteOptions {
  job?: string;
  state?: string;
}

/** Says what an event would do if it were reported to a daemon now. */
export async function explainNow(event: string, options: ExplainNowOptions): Promise<number> {
  const job = options.job === undefined ? undefined : await readRecordFor(event, options.job);
  const question = { ask: "explain", of: { event, ...(job === undefined ? {} : { job }) } };
  const { explain } = await showAnswer<{ explain: NowExplanation }>(question, options, ({ explain }) =>
    page(explain, terminalOf(process.stdout, options.color)),
  );
  return exitCodeOf(explain);
}

/** Says what an event would do if a daemon that has stopped went on with its state. */
export async function explainStopped(
  event: string,
  directories: readonly string[],
  state: string,
  options: ExplainNowOptions,
): Promise<number> {
  const job = options.job === undefined ? undefined : await readRecordFor(event, options.job);
  const configuration = await readUsableSite(directories, options);
  if (configuration === null) return exitCodes.no;
  // Only here: what merely reads a configuration shall work, and start, without the native addon.
  const { explainStored } = await import("../engine/explain-stored.js");
  const explanation = await explainStored(event, job, configuration, state).catch((error) => {
    throw isInUse(error) ? inUse(state, error) : error;
  });
  const output = new StandardOutput();
  const explain: NowExplanation = { ...explanation, leftOut: leftOutOf(configuration.diagnostics) };
  if (options.json === true) output.write(`${JSON.stringify({ explain })}\n`);
  else output.write(page(explain, terminalOf(process.stdout, options.color)));
  await output.flush();
  note("what a throttle, a full queue or a pause would hold back is known to a running daemon only");
  return exitCodeOf(explanation);
}

function isInUse(error: unknown): boolean {
  return error instanceof UcbError && (error.errno === "EWOULDBLOCK" || error.errno === "EAGAIN");
}

function inUse(state: string, cause: unknown): UcbError {
  return new UcbError("ERR_UCB_STATE", `a running daemon has the state in ${state}`, {
    ...{ cause, path: state },
    hint: "ask it: `ucb explain EVENT --socket PATH`",
  });
}

function exitCodeOf({ triggers }: EventExplanation): number {
  return triggers.some(({ fires }) => fires) ? exitCodes.good : exitCodes.no;
}

function page({ event, isAttached, triggers, leftOut }: NowExplanation, terminal: Terminal): string {
  const { colors } = terminal;
  const firing = new Set(triggers.filter(({ fires }) => fires).map(({ callbackId }) => callbackId)).size;
  const total = new Set(triggers.map(({ callbackId }) => callbackId)).size;
  const missing = leftOut.map((error) => `  ${harmless(`${placeText(error)}: ${error.message}`)}\n`);
  return [
    ...triggers.map((standing) => triggerText(standing, terminal)),
    missing.length === 0 ? "" : `\n${colors.yellow("left out because of errors:")}\n${missing.join("")}`,
    isAttached === false
      ? `\n${colors.yellow("its job is not attached")}: no submit-job was reported for it since it was last removed\n`
      : "",
    `\n${colors.bold(harmless(event))} fires ${firing === 0 ? "none" : firing} of ${count(total, "callback")} now\n`,
  ].join("");
}

function triggerText(
  { callback, enabled, trigger, fires, owners, omitted }: TriggerStanding,
  terminal: Terminal,
): string {
  const { colors } = terminal;
  const heading = `${mark(fires, terminal)} ${colors.bold(harmless(callback))}${enabled ? "" : " is switched off"}: ${harmless(trigger)}\n`;
  const blocks = owners.map((owner) => ownerText(owner, enabled, terminal));
  const rest = omitted === 0 ? "" : `  and ${count(omitted, "job")} more\n`;
  return `${heading}${blocks.join("")}${rest}`;
}

function ownerText(owner: OwnerStanding, enabled: boolean, terminal: Terminal): string {
  const { colors } = terminal;
  const whom = owner.jobId === 0 ? "" : `for job ${owner.jobId} `;
  const verdict = verdictOf(owner, enabled, terminal);
  const isBegun = owner.terms.some(({ satisfied }) => satisfied !== "no");
  const terms = owner.terms.map((term) => {
    const isSatisfied = term.satisfied !== "no";
    const missing = isBegun && term.isMissing ? `${colors.yellow("missing")}: ` : "";
    return `    ${mark(isSatisfied, terminal)} ${harmless(term.text)}: ${missing}${colors.dim(harmless(reasonOf(term)))}\n`;
  });
  return `  ${whom}${verdict}\n${terms.join("")}`;
}

function verdictOf({ fires, obstacle }: OwnerStanding, enabled: boolean, { colors }: Terminal): string {
  if (!fires) return "it does not fire";
  if (!enabled) return "it would fire";
  if (obstacle === null) return "it fires";
  return `it fires, but ${colors.yellow(obstacleText(obstacle))}`;
}

function obstacleText({ kind, reason, until }: Obstacle): string {
  const end = until === null ? "" : ` until ${new Date(until).toISOString()}`;
  if (kind === "paused") return harmless(`waits: the callback is paused${end}: ${reason}`);
  return harmless(`is not run${end}: ${reason}`);
}

function reasonOf({ satisfied, event, at, reason }: OwnerStanding["terms"][number]): string {
  if (satisfied !== "before") return reason;
  if (event === null || at === null) return "it happened before; by which event is not known any more";
  return `it happened before: ${event} at ${new Date(at).toISOString()}`;
}

function mark(yes: boolean, { colors, unicode }: Terminal): string {
  if (yes) return colors.green(unicode ? "✓" : "[x]");
  return colors.red(unicode ? "✗" : "[ ]");
}
