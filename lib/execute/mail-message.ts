import { type AddressHeader, type AddressTemplate, addressHeaders } from "../config/mail-header.js";
import type { MailSubject, MailTemplate } from "../config/mail-template.js";
import { expandVariables, type VariableText } from "../config/mail-variables.js";
import type { MailSettings } from "../config/qb-conf.js";
import { isForAdministrator, type QcbAction } from "../config/qcb.js";
import { UcbError } from "../errors.js";
import type { Execution } from "./execution.js";
import { MailValues, momentOf, subjobOf, workOf } from "./mail-values.js";

export type MailKind = Extract<QcbAction, { kind: "mail" }>["mail"];

/** An address that a template or `qb.conf` gives, or one or several as a job's record has them. */
export type Recipient = string | { name: string; address: string };

/** A mail as nodemailer sends it. */
export interface Mail {
  from: Recipient;
  to: Recipient[];
  cc?: Recipient[];
  bcc?: Recipient[];
  replyTo?: Recipient[];
  subject: string;
  text: string;
  html?: string;
  headers: Record<string, string>;
}

/**
 * Writes one mail of a `.qcb` file, after the site's template if it has one for what the mail is about.
 * @param triggers what fires the callback
 * @throws UcbError `ERR_UCB_MAIL` if nobody is to receive it
 */
export function composeMail(kind: MailKind, execution: Execution, triggers: string, settings: MailSettings): Mail {
  const template = templateOf(kind, execution, settings);
  const plain: Omit<Mail, "to"> = {
    from: sender(settings),
    subject: usualSubject(kind, execution),
    text: usualText(execution),
    // Whoever answers mails by a machine must not answer these.
    headers: { "Auto-Submitted": "auto-generated" },
  };
  if (template === null) return { ...plain, to: [recipient(kind, execution, settings)] };
  const mail = fillIn(template, new MailValues(execution, triggers), plain);
  return { ...mail, to: mail.to ?? [recipient(kind, execution, settings)] };
}

function templateOf(kind: MailKind, { run }: Execution, { templates }: MailSettings): MailTemplate | null {
  if (isForAdministrator(kind)) return null;
  const { type } = run.eventFields;
  const about: MailSubject =
    kind === "subjob-status" || type === "subjob" ? "subjob" : type === "work" ? "work" : "job";
  return templates[about];
}

function fillIn(
  template: MailTemplate,
  values: MailValues,
  plain: Omit<Mail, "to">,
): Omit<Mail, "to"> & Partial<Pick<Mail, "to">> {
  const fill = (text: VariableText, treat: (value: string) => string) =>
    expandVariables(text, (variable) => values.of(variable), treat);
  const list = (header: AddressHeader) => addressesOf(template.addresses[header] ?? [], fill);
  const [from, replyTo, to, cc, bcc] = addressHeaders.map(list);
  const headers = template.headers.map(({ name, value }) => [name, oneLine(fill(value, oneLine))]);
  const body = fill(template.body, template.isHtml ? (value) => escaped(printable(value)) : printable);
  return {
    ...plain,
    ...(template.subject === null ? {} : { subject: oneLine(fill(template.subject, oneLine)) }),
    ...(template.isHtml ? { html: body } : { text: body }),
    from: from?.[0] ?? plain.from,
    ...some("replyTo", replyTo),
    ...some("to", to),
    ...some("cc", cc),
    ...some("bcc", bcc),
    headers: withoutDoubles({ ...plain.headers }, Object.fromEntries(headers)),
  };
}

type Fill = (text: VariableText, treat: (value: string) => string) => string;

/** Addresses of which a part is not known are left out. */
function addressesOf(templates: readonly AddressTemplate[], fill: Fill): Recipient[] {
  return templates.flatMap(({ name, address }) => {
    const filled = fill(address, addressPart);
    return /^[^@]+@[^@]+$/.test(filled) ? [{ name: oneLine(fill(name, oneLine)), address: filled }] : [];
  });
}

function some<Name extends string>(name: Name, list: Recipient[] | undefined): Partial<Record<Name, Recipient[]>> {
  return list === undefined || list.length === 0 ? {} : ({ [name]: list } as Record<Name, Recipient[]>);
}

/** Names of headers are the same in upper and lower case. */
function withoutDoubles(usual: Record<string, string>, own: Record<string, string>): Record<string, string> {
  const names = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  return { ...Object.fromEntries(Object.entries(usual).filter(([name]) => !names.has(name.toLowerCase()))), ...own };
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

function usualText(execution: Execution): string {
  const { run, job } = execution;
  const work = workOf(execution);
  const subjob = subjobOf(execution);
  const lines: [string, unknown][] = [
    ["Event", run.event],
    ["Job", job.id],
    ["Name", job.name],
    ["Label", job.label],
    ["User", job.user],
    ["Status", job.status],
    ["Process group", job.pgrp || undefined],
    ["Parent", job.pid || undefined],
    ["Work item", work.name],
    ["Work status", work.status],
    ["Subjob", subjob.id],
    ["Subjob status", subjob.status],
    ["Submitted", momentOf(job.timesubmit)],
    ["Started", momentOf(job.timestart)],
    ["Finished", momentOf(job.timecomplete)],
    ["Run", run.id],
  ];
  return lines
    .filter(([, value]) => value !== undefined && value !== null && value !== "")
    .map(([name, value]) => `${`${name}:`.padEnd(16)}${oneLine(String(value))}\n`)
    .join("");
}

function usualSubject(kind: MailKind, { run, job }: Execution): string {
  const title = `job ${job.id}${job.name === undefined ? "" : ` (${job.name})`}`;
  return oneLine(`${title}: ${what(kind, run.eventFields.name, job.status)}`);
}

function what(kind: MailKind, eventName: string, status: string | undefined): string {
  if (kind === "license-status") return "license status";
  if (kind === "report-status") return "status report";
  return kind === "subjob-status" ? `subjob ${eventName}` : (status ?? eventName);
}

/** What may stand in a header. */
function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ").trim();
}

/** What may stand in an address as a part of it: nothing that could begin another. */
function addressPart(value: string): string {
  return value.replace(/[^\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]/gu, "");
}

function printable(value: string): string {
  return value.replace(/\r\n?/g, "\n").replace(/[^\P{Cc}\n\t]/gu, "");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(value: string): string {
  return value.replace(/[&<>"']/g, (character) => entities[character] ?? "");
}
