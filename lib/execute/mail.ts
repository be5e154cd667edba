import { createTransport, type Transporter } from "nodemailer";
import { connectionTypes, isConnectionType } from "../config/mail-connection.js";
import type { MailSettings } from "../config/qb-conf.js";
import { isForAdministrator, type QcbAction } from "../config/qcb.js";
import { asUcbError, UcbError } from "../errors.js";
import type { Execution } from "./execution.js";

type MailKind = Extract<QcbAction, { kind: "mail" }>["mail"];

/** A mail server that does not answer must not hold a run for ever. */
const patienceMs = 30_000;

/**
 * Sends one mail of a `.qcb` file and says in a line to whom.
 * @throws UcbError `ERR_UCB_MAIL` if mail is not configured, nobody is to receive it or the server refuses
 */
export async function sendMail(kind: MailKind, execution: Execution, settings: MailSettings): Promise<string> {
  if (settings.host === null) {
    throw new UcbError("ERR_UCB_MAIL", `mail-${kind}: mail_host is not set in qb.conf`, {
      hint: "set mail_host to the site's SMTP server",
    });
  }
  if (settings.connectionType !== null && !isConnectionType(settings.connectionType)) {
    const message = `mail-${kind}: mail_connection_type in qb.conf is "${settings.connectionType}", which is unknown`;
    throw new UcbError("ERR_UCB_MAIL", message, { hint: `set it to ${connectionTypes.join(", ")}` });
  }
  const to = recipient(kind, execution, settings);
  const transport = openTransport(settings, settings.host);
  try {
    await transport.sendMail({ from: sender(settings), to, ...compose(kind, execution) });
  } catch (error) {
    throw asUcbError(error, "ERR_UCB_MAIL", `mail-${kind} to ${to} through ${settings.host}:${settings.port}`);
  } finally {
    transport.close();
  }
  return `mail-${kind}: sent to ${to}\n`;
}

function openTransport(settings: MailSettings, host: string): Transporter {
  const type = settings.connectionType?.toLowerCase() ?? "";
  return createTransport({
    host,
    port: settings.port,
    secure: type === "ssl",
    requireTLS: type === "tls" || type === "starttls",
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs,
    ...(settings.user === null ? {} : { auth: { user: settings.user, pass: settings.password ?? "" } }),
  });
}

function sender(settings: MailSettings): string {
  if (settings.from.includes("@") || settings.domain === null) return settings.from;
  return `${settings.from}@${settings.domain}`;
}

/** Status mails go to whoever the job names; mails about the license and the farm go to the administrator. */
function recipient(kind: MailKind, { job }: Execution, settings: MailSettings): string {
  if (isForAdministrator(kind)) {
    if (settings.administrator !== null) return settings.administrator;
    throw new UcbError("ERR_UCB_MAIL", `mail-${kind}: mail_administrator is not set in qb.conf`);
  }
  if (typeof job.mailaddress === "string" && job.mailaddress !== "") return job.mailaddress;
  if (job.user !== undefined && settings.domain !== null) return `${job.user}@${settings.domain}`;
  throw new UcbError(
    "ERR_UCB_MAIL",
    `mail-${kind}: job ${job.id} has no mailaddress, and user@mail_domain is not known`,
    {
      hint: "set mail_domain in qb.conf, or mailaddress in the job",
    },
  );
}

function compose(kind: MailKind, { run, job, work, subjob }: Execution): { subject: string; text: string } {
  const title = `job ${job.id}${job.name === undefined ? "" : ` (${job.name})`}`;
  const lines: [string, unknown][] = [
    ["Event", run.event],
    ["Job", job.id],
    ["Name", job.name],
    ["Label", job.label],
    ["User", job.user],
    ["Status", job.status],
    ["Process group", job.pgrp],
    ["Parent", job.pid],
    ["Work item", work?.name ?? (run.eventFields.type === "work" ? run.eventFields.extra : undefined)],
    ["Work status", work?.status],
    ["Subjob", subjob?.id ?? (run.eventFields.type === "subjob" ? run.eventFields.extra : undefined)],
    ["Subjob status", subjob?.status],
    ["Submitted", moment(job.timesubmit)],
    ["Started", moment(job.timestart)],
    ["Finished", moment(job.timecomplete)],
    ["Run", run.id],
  ];
  const text = lines
    .filter(([, value]) => value !== undefined && value !== null && value !== "")
    .map(([name, value]) => `${`${name}:`.padEnd(16)}${value}\n`)
    .join("");
  return { subject: oneLine(`${title}: ${subjectOf(kind, run.eventFields.name, job.status)}`), text };
}

function subjectOf(kind: MailKind, eventName: string, status: string | undefined): string {
  if (kind === "license-status") return "license status";
  if (kind === "report-status") return "status report";
  return kind === "subjob-status" ? `subjob ${eventName}` : (status ?? eventName);
}

function moment(seconds: unknown): string | undefined {
  const time = Number(seconds) * 1000;
  return seconds === undefined || !(time > 0) || time > 8.64e15 ? undefined : new Date(time).toISOString();
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
