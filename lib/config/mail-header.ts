import addressparser from "nodemailer/lib/addressparser";
import { closestOf } from "./did-you-mean.js";
import { type VariableText, variableText } from "./mail-variables.js";

/** One line at the top of a mail template, with the lines that continue it. */
export interface HeaderLine {
  name: string;
  value: string;
}

/** A recipient or sender that a template names. Variables in an address stand for parts of it only. */
export interface AddressTemplate {
  name: VariableText;
  address: VariableText;
}

export const addressHeaders = ["from", "reply-to", "to", "cc", "bcc"] as const;
/** A header of a mail template that names recipients or senders. */
export type AddressHeader = (typeof addressHeaders)[number];

const plainHeaders = [
  "auto-submitted",
  "comments",
  "importance",
  "keywords",
  "list-id",
  "organization",
  "precedence",
  "priority",
];
/** What follows from the mail itself. */
const ownHeaders = [
  "content-transfer-encoding",
  "content-type",
  "date",
  "message-id",
  "mime-version",
  "received",
  "return-path",
  "sender",
];
const settable: readonly string[] = ["subject", ...addressHeaders, ...plainHeaders];

/** A line that has the form of a header; null for any other. */
export function headerLine(line: string): HeaderLine | null {
  const match = /^([A-Za-z][A-Za-z0-9-]*)[ \t]*:(.*)$/.exec(line);
  return match === null ? null : { name: match[1] ?? "", value: match[2] ?? "" };
}

/** Whether a first line of this name begins the headers, and not the text: `Job: 17` is text. */
export function beginsHeaders(name: string): boolean {
  const lower = name.toLowerCase();
  return lower.startsWith("x-") || settable.includes(lower) || ownHeaders.includes(lower);
}

export function meantHeader(name: string): string | undefined {
  return closestOf(name, ["Subject", "Reply-To", "From"]);
}

/** Why a template may not set a header of this name; null if it may. */
export function mistakeInHeader(name: string): { message: string; hint: string } | null {
  const lower = name.toLowerCase();
  if (lower.startsWith("x-") || settable.includes(lower)) return null;
  if (lower.startsWith("content-")) {
    const hint = "leave it out; a template whose file name ends in .html is sent as HTML";
    return { message: `${name} follows from the file and cannot be set`, hint };
  }
  if (ownHeaders.includes(lower)) return { message: `${name} is written when a mail is sent`, hint: "leave it out" };
  const meant = closestOf(name, settable);
  const hint = meant === undefined ? `headers of your own begin with X-` : `did you mean "${meant}"?`;
  return { message: `a template cannot set the header ${name}`, hint };
}

export function isAddressHeader(lower: string): lower is AddressHeader {
  return addressHeaders.some((each) => each === lower);
}

/** The addresses of a list; null if it is no list of addresses. */
export function addressTemplates(value: string): AddressTemplate[] | null {
  const mailboxes = addressparser(value, { flatten: true });
  if (mailboxes.length === 0 || mailboxes.some(({ address }) => !/^[^\s@]+@[^\s@]+$/.test(address))) return null;
  return mailboxes.map(({ name, address }) => ({ name: variableText(name), address: variableText(address) }));
}
