import type { Job } from "../bridge/supervisor.js";
import { EventIntake } from "../daemon/event-intake.js";
import type { CallbackEngine } from "../engine/callback-engine.js";
import type { CallbackCounters } from "../engine/counters.js";
import type { EngineEvent } from "../engine/engine-event.js";
import { UcbError } from "../errors.js";
import { type EventFields, parseEvent } from "../trigger/event.js";
import { complain, note } from "./complaint.js";
import { count } from "./count.js";
import { countersTable } from "./counters-table.js";
import { type EngineSession, onEnded, withEngine } from "./engine-session.js";
import { exitCodes } from "./exit-codes.js";
import { noteRest } from "./note-limits.js";
import type { ReplayedEvent, ReplayInput, ReplayOptions } from "./replay-input.js";
import { RunLines } from "./run-lines.js";
import { terminalOf } from "./terminal.js";
import { waitForRuns } from "./wait-for-runs.js";

/** Really runs what events fire; returns the exit code. */
export async function rerun(
  input: ReplayInput,
  directories: readonly string[],
  options: ReplayOptions,
): Promise<number> {
  return await withEngine(directories, { ...options, warnings: false }, async (session) => {
    const { engine, output } = session;
    let failed = 0;
    const lines = options.json === true ? new RunLines(output) : null;
    engine.on("action", (action) => lines?.asked(action));
    onEnded(engine, (run) => {
      if (run.state !== "succeeded") failed++;
      lines?.ended(run);
    });
    const wasRead = await reportAll(input, session, options);
    if (wasRead) noteRest(engine, session.log);
    input.end();
    await waitForRuns(engine);
    const counters = engine.counters();
    output.write(options.json === true ? document(input, counters) : page(input, counters, options));
    return wasRead && counters.size > 0 && failed === 0 && input.totals.refused === 0 ? exitCodes.good : exitCodes.no;
  });
}

/** Whether all was reported, and it was not told to stop. */
async function reportAll(
  input: ReplayInput,
  { engine, output, onStop }: EngineSession,
  { color }: ReplayOptions,
): Promise<boolean> {
  const intake = new EventIntake(engine, { isDurable: false, recording: null, isBehind: () => output.full });
  output.onChange = () => intake.look();
  let stopped = false;
  const stop = new Promise<false>((resolve) => {
    onStop(() => {
      stopped = true;
      intake.close();
      resolve(false);
    });
  });
  const take = (recorded: ReplayedEvent) => {
    try {
      intake.take(recorded.event, recorded.text, recorded.bytes);
    } catch (error) {
      input.refuse(recorded, error);
    }
  };
  const report = async () => {
    const earlier = new EarlierJobs(engine);
    for await (const recorded of input.events()) {
      if (recorded.isBefore) earlier.note(recorded);
      else {
        earlier.attach();
        take(recorded);
        if (intake.isFull) await intake.room();
      }
      if (stopped || output.gone) return false;
    }
    return true;
  };
  try {
    // Neither a terminal nor a reader that never comes back must keep it from stopping.
    return await Promise.race([report(), stop]);
  } catch (error) {
    // What was fired so far is waited for all the same.
    if (!(error instanceof UcbError)) throw error;
    complain(error, color);
    return false;
  }
}

/** The jobs of events that are not reported: later ones are about them, too. */
class EarlierJobs {
  readonly #engine: CallbackEngine;
  readonly #jobs = new Map<number, Job>();

  constructor(engine: CallbackEngine) {
    this.#engine = engine;
  }

  note({ event, text }: ReplayedEvent): void {
    const parsed = fieldsOf(text);
    if (parsed === null) return;
    const { name, type, jobId } = parsed;
    const job = typeof event === "string" ? undefined : (event as EngineEvent).job;
    const isSubmission = type === "job" && name === "submit";
    if (type === "job" && name === "removed") this.#jobs.delete(jobId);
    else if (isSubmission || (job !== undefined && this.#jobs.has(jobId))) {
      this.#jobs.set(jobId, { ...this.#jobs.get(jobId), ...job, id: jobId });
    }
  }

  attach(): void {
    if (this.#jobs.size === 0) return;
    for (const job of this.#jobs.values()) this.#engine.attach(job);
    note(`${count(this.#jobs.size, "job")} of before are attached`);
    this.#jobs.clear();
  }
}

/** Null for what is no event: it is not reported, and nobody asked for it. */
function fieldsOf(text: string): EventFields | null {
  try {
    return parseEvent(text);
  } catch {
    return null;
  }
}

function document({ totals }: ReplayInput, counters: ReadonlyMap<string, CallbackCounters>): string {
  const { events, missing, refused, from, to } = totals;
  return `${JSON.stringify({ replay: { events, missing, refused, from, to, counters: Object.fromEntries(counters) } })}\n`;
}

function page(
  { totals }: ReplayInput,
  counters: ReadonlyMap<string, CallbackCounters>,
  { color }: ReplayOptions,
): string {
  const { colors, width } = terminalOf(process.stdout, color);
  const fired = [...counters.values()].reduce((sum, each) => sum + each.fired, 0);
  const summary = colors.bold(`${count(totals.events, "event")}: ${count(fired, "run")}`);
  const shown = countersTable(counters, width);
  return `${shown === "" ? "" : `${shown}\n`}${summary}\n`;
}
