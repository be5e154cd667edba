import type { Callback } from "../config/configuration.js";
import type { MailSettings } from "../config/qb-conf.js";
import { asUcbError } from "../errors.js";
import { performCode } from "./action.js";
import { type Execution, type Outcome, outcomeOf, type SupervisorPort } from "./execution.js";
import { jobLogPath, logHeader, logTrailer } from "./job-log.js";
import type { Launcher } from "./launcher.js";
import { sendMail } from "./mail.js";
import type { Run } from "./run.js";

/** What `.qcb` callbacks need around them; one for an engine. */
export interface QcbRoom {
  launcher: Launcher;
  supervisor: SupervisorPort;
  mail: MailSettings;
  logPath: string;
}

/** How many lines earlier attempts of a run have carried out: an attempt goes on with the one that asked for it. */
const linesDone = new WeakMap<Run, number>();

/**
 * Carries out the lines of a `.qcb` file in order, up to the first that fails, and files what they did. A run that is tried
 * again, because a mail could not be sent for now, goes on with that mail.
 */
export async function runQcb(callback: Callback, execution: Execution, room: QcbRoom): Promise<Outcome> {
  const startedAt = Date.now();
  execution.started({ pid: null, log: null });
  let report = "";
  let failure: { reason: string; code: Outcome["code"] } | null = null;
  const first = linesDone.get(execution.run) ?? 0;
  for (const [index, code] of callback.codes.entries()) {
    if (index < first) continue;
    try {
      const { action } = code;
      report +=
        action.kind === "mail"
          ? await sendMail(action.mail, execution, callback, room.mail)
          : await performCode(code, action, execution, room.supervisor);
      linesDone.set(execution.run, index + 1);
    } catch (error) {
      const { message, code: errorCode } = asUcbError(error, "ERR_UCB_ACTION", code.text);
      failure = { reason: `${callback.file}:${code.line}: ${message}`, code: errorCode };
      report += `${failure.reason}\n`;
      break;
    }
  }
  const log = jobLogPath(room.logPath, execution.run.jobId);
  const outcome = outcomeOf(failure === null ? "succeeded" : "failed", startedAt, { ...failure, log });
  try {
    await room.launcher.appendLog({
      log,
      header: logHeader(execution.run, startedAt),
      body: report,
      trailer: logTrailer(execution.run, failure === null ? "done" : "failed", Date.now() - startedAt),
    });
    return outcome;
  } catch (error) {
    const { message, code } = asUcbError(error, "ERR_UCB_LOG", "");
    const reason = outcome.reason === null ? message : `${outcome.reason}; ${message}`;
    return { ...outcome, log: null, reason, code };
  }
}
