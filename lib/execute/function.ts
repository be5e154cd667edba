import type { ActionTarget, Job, JobQuery, Subjob, Verb, Work } from "../bridge/supervisor.js";
import { UcbError } from "../errors.js";
import type { EventFields } from "../trigger/event.js";
import { type Execution, type Outcome, outcomeOf, type SupervisorPort } from "./execution.js";
import { asksForRetry } from "./retry-later.js";

/** What a registered function is called with. */
export interface FunctionContext {
  /** The event as it was reported, taken apart. */
  readonly event: EventFields & { text: string };
  /** Record of the owner job, as fresh as it is known. */
  readonly job: Job;
  readonly work?: Work;
  readonly subjob?: Subjob;
  /** The same in all attempts. */
  readonly runId: string;
  /** Aborted at the deadline and when the engine is closed with `terminate`. */
  readonly signal: AbortSignal;
  /** The records of all jobs that the query fits, from the supervisor; what it throws is thrown here. */
  jobInfo(query: JobQuery): Promise<Job[]>;
  /** Asks the supervisor for something; resolves to the ids it affected. */
  perform(verb: Verb, target: ActionTarget, ids: readonly (string | number)[]): Promise<string[]>;
}

/**
 * A function that is a callback. What it returns, or resolves to, does not matter; what it throws fails the run, and
 * {@link RetryLater} asks for another attempt.
 */
export type CallbackFunction = (context: FunctionContext) => unknown;

/** Why a function's signal was aborted, and as what its run counts then. */
export class FunctionStop extends UcbError {
  constructor(
    readonly state: "timed-out" | "failed",
    message: string,
  ) {
    super("ERR_UCB_FUNCTION", message);
  }
}

/**
 * Calls a registered function. It shares our event loop: a deadline can abort its signal and end the run, but it
 * cannot stop the function itself.
 */
export async function runFunction(
  callback: { run: CallbackFunction; timeoutMs: number },
  execution: Execution,
  supervisor: SupervisorPort,
  abort: AbortController,
): Promise<Outcome> {
  const startedAt = Date.now();
  execution.started({ pid: null, log: null });
  const slow = setTimeout(() => execution.slow(), callback.timeoutMs / 3);
  const deadline = setTimeout(
    () => abort.abort(new FunctionStop("timed-out", `not finished after ${callback.timeoutMs} ms`)),
    callback.timeoutMs,
  );
  try {
    return await Promise.race([
      stopped(abort.signal, startedAt),
      settled(callback.run, contextOf(execution, supervisor, abort.signal), startedAt),
    ]);
  } finally {
    clearTimeout(deadline);
    clearTimeout(slow);
  }
}

function contextOf(execution: Execution, supervisor: SupervisorPort, signal: AbortSignal): FunctionContext {
  const { run, job, work, subjob } = execution;
  return {
    event: { ...run.eventFields, text: run.event },
    job,
    ...(work === undefined ? {} : { work }),
    ...(subjob === undefined ? {} : { subjob }),
    runId: run.id,
    signal,
    jobInfo: (query) => supervisor.jobInfo(query),
    perform: (verb, target, ids) => supervisor.perform(verb, target, ids.map(String), run),
  };
}

function stopped(signal: AbortSignal, startedAt: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const stop = () => {
      const reason = signal.reason as FunctionStop;
      resolve(outcomeOf(reason.state, startedAt, { reason: reason.message, code: reason.code }));
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

async function settled(run: CallbackFunction, context: FunctionContext, startedAt: number): Promise<Outcome> {
  try {
    await run(context);
    return outcomeOf("succeeded", startedAt);
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return outcomeOf("failed", startedAt, { reason, code: asksForRetry(error) ? "ERR_UCB_LATER" : "ERR_UCB_FUNCTION" });
  }
}
