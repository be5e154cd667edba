import type { ActionTarget } from "../bridge/supervisor.js";
import type { QcbAction, QcbCode } from "../config/qcb.js";
import { asUcbError, UcbError } from "../errors.js";
import type { Execution, SupervisorPort } from "./execution.js";
import type { Run } from "./run.js";

type PerformAction = Extract<QcbAction, { kind: "perform" }>;

/**
 * Carries out one verb of a `.qcb` file and says in a line what it did.
 * @throws UcbError `ERR_UCB_ACTION` if the event has no such target or the supervisor refuses
 */
export async function performCode(
  code: QcbCode,
  action: PerformAction,
  execution: Execution,
  supervisor: SupervisorPort,
): Promise<string> {
  const ids = await targetIds(code, action, execution.run, supervisor);
  try {
    const affected = await supervisor.perform(action.verb, action.target, ids, execution.run);
    return `${code.text}: ${describe(action.target, affected)}\n`;
  } catch (error) {
    throw asUcbError(error, "ERR_UCB_ACTION", `${code.text} ${ids.join(" ")}`);
  }
}

async function targetIds(
  code: QcbCode,
  action: PerformAction,
  run: Run,
  supervisor: SupervisorPort,
): Promise<string[]> {
  const { type, jobId, extra } = run.eventFields;
  if (action.target === "job") return [String(run.jobId)];
  if (action.target === "work") {
    if (type === "work" && extra !== "") return [`${jobId}:${extra}`];
    throw new UcbError("ERR_UCB_ACTION", `${code.text}: the event ${run.event} has no work item`);
  }
  if (type === "subjob" && extra !== "") return [`${jobId}.${extra}`];
  if (action.single) throw new UcbError("ERR_UCB_ACTION", `${code.text}: the event ${run.event} has no subjob`);
  return await allSubjobs(code, run, supervisor);
}

/** The subjobs of the owner, for codes that mean all of them where the event names none. */
async function allSubjobs(code: QcbCode, run: Run, supervisor: SupervisorPort): Promise<string[]> {
  const [job] = await supervisor.jobInfo({ id: [run.jobId], subjobs: true });
  const ids = (job?.subjobs ?? []).flatMap((subjob) =>
    subjob.id === undefined ? [] : [subjobId(run.jobId, subjob.id)],
  );
  if (ids.length > 0) return ids;
  throw new UcbError(
    "ERR_UCB_ACTION",
    `${code.text}: the event ${run.event} has no subjob and job ${run.jobId} is known to have none`,
  );
}

/** Records hold a subjob's id alone or with the job's in front. */
function subjobId(jobId: number, id: string | number): string {
  const text = String(id);
  return text.includes(".") ? text : `${jobId}.${text}`;
}

function describe(target: ActionTarget, ids: readonly string[]): string {
  return ids.length === 0 ? `no ${target} was affected` : `${target} ${ids.join(", ")}`;
}
