import type { Why } from "../daemon/why.js";
import type { Run } from "../execute/run.js";
import { note } from "./complaint.js";
import { type ClientOptions, showAnswer } from "./daemon-client.js";
import { exitCodes } from "./exit-codes.js";
import { harmless, terminalOf } from "./terminal.js";

/** Says why a run of a daemon fired. */
export async function explainRun(run: string, options: ClientOptions): Promise<number> {
  const { why } = await showAnswer<{ why: Why }>({ ask: "why", run }, options, ({ why }) => page(why, options));
  if (!why.isCurrent) note("since then the callback has been given other triggers, or was taken away");
  return exitCodes.good;
}

function page({ run, triggers }: Why, { color }: ClientOptions): string {
  const { colors } = terminalOf(process.stdout, color);
  const whom = run.jobId === 0 ? "" : ` for job ${run.jobId}`;
  const when = new Date(run.queuedAt).toISOString();
  const heading = `${colors.bold(harmless(run.callback))}${whom} fired on ${harmless(run.event)} at ${when}, under configuration ${run.generation}\n`;
  const blocks = triggers.map(({ text, terms }) => {
    const lines = terms.map(({ text: term, event, at, reason }) => {
      const by = event === null || at === null ? "" : `${harmless(event)} at ${new Date(at).toISOString()}, `;
      const mark = event === null && !reason.startsWith("it had") ? colors.dim("-") : colors.green("+");
      return `    ${mark} ${harmless(term)}: ${colors.dim(`${by}${harmless(reason)}`)}\n`;
    });
    return `  ${harmless(text)}\n${lines.join("")}`;
  });
  return [heading, outcome(run), ...blocks].join("");
}

const outcomes: Partial<Record<Run["state"], string>> = {
  dropped: "it was not run",
  failed: "it failed",
  "timed-out": "it timed out",
  lost: "it was lost",
};

/** What came of it, where that is what somebody wonders about. */
function outcome({ state, reason }: Run): string {
  const text = outcomes[state];
  return text === undefined ? "" : `  ${text}${reason === null ? "" : `: ${harmless(reason)}`}\n`;
}
