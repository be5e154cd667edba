import { quoted } from "../trigger/wording.js";
import type { Diagnostic } from "./diagnostic.js";
import { didYouMean } from "./did-you-mean.js";
import {
  type AddressHeader,
  type AddressTemplate,
  addressTemplates,
  beginsHeaders,
  headerLine,
  isAddressHeader,
  meantHeader,
  mistakeInHeader,
} from "./mail-header.js";
import { isMailVariable, mailVariables, type VariableText, variablesIn, variableText } from "./mail-variables.js";
import { error, type Place, placeIn, warning, wholeFile } from "./place.js";
import { splitLines } from "./split-lines.js";

/** What a mail is about; each has a template of its own. */
export type MailSubject = "job" | "subjob" | "work";

/** A mail as a site wants it written. */
export interface MailTemplate {
  /** Absolute. */
  file: string;
  isHtml: boolean;
  /** Null where the template sets none. */
  subject: VariableText | null;
  addresses: Readonly<Partial<Record<AddressHeader, readonly AddressTemplate[]>>>;
  /** Other headers, in their order. */
  headers: readonly { name: string; value: VariableText }[];
  body: VariableText;
}

export interface TemplateReading {
  /** Null if there is an error. */
  template: MailTemplate | null;
  diagnostics: Diagnostic[];
}

/**
 * Reads a mail template: headers and an empty line if it begins with a header, then the text.
 * @param file absolute; HTML if its name says so
 */
export function parseMailTemplate(text: string, file: string, about: MailSubject): TemplateReading {
  return new TemplateReader(text, file, about).read();
}

/** A header with all its lines. */
interface Header {
  name: string;
  value: string;
  line: number;
}

class TemplateReader {
  readonly #file: string;
  readonly #about: MailSubject;
  readonly #lines: readonly string[];
  readonly #diagnostics: Diagnostic[] = [];

  constructor(text: string, file: string, about: MailSubject) {
    this.#file = file;
    this.#about = about;
    this.#lines = splitLines(text);
  }

  read(): TemplateReading {
    const { headers, bodyStart } = this.#headers();
    const template = this.#template(headers, this.#lines.slice(bodyStart).join("\n"));
    for (const index of this.#lines.keys()) this.#checkVariables(index);
    this.#diagnostics.sort((one, other) => one.line - other.line || one.column - other.column);
    const isUsable = this.#diagnostics.every(({ severity }) => severity === "warning");
    return { template: isUsable ? template : null, diagnostics: this.#diagnostics };
  }

  #headers(): { headers: Header[]; bodyStart: number } {
    const first = headerLine(this.#lines[0] ?? "");
    if (first === null || !beginsHeaders(first.name)) {
      if (first !== null) this.#warnOfMissedHeader(first.name);
      return { headers: [], bodyStart: 0 };
    }
    const headers: Header[] = [];
    for (const [index, text] of this.#lines.entries()) {
      if (text.trim() === "") return { headers, bodyStart: index + 1 };
      const before = headers.at(-1);
      const header = headerLine(text);
      if (/^[ \t]/.test(text) && before !== undefined) before.value += ` ${text.trim()}`;
      else if (header !== null) headers.push({ name: header.name, value: header.value.trim(), line: index + 1 });
      else {
        const hint = "write an empty line between the headers and the text";
        this.#diagnostics.push(
          error("ERR_UCB_MAIL_HEADER", this.#placeOf(index, 0, text.length), "this is no header", hint),
        );
        return { headers, bodyStart: index };
      }
    }
    return { headers, bodyStart: this.#lines.length };
  }

  #template(headers: readonly Header[], body: string): MailTemplate {
    const addresses: Partial<Record<AddressHeader, AddressTemplate[]>> = {};
    const others: { name: string; value: VariableText }[] = [];
    let subject: VariableText | null = null;
    const seen = new Set<string>();
    for (const { name, value, line } of headers) {
      const lower = name.toLowerCase();
      const place = this.#placeOf(line - 1, 0, name.length);
      const mistake =
        mistakeInHeader(name) ?? (seen.has(lower) ? { message: `${name} is set again`, hint: once } : null);
      seen.add(lower);
      if (mistake !== null) this.#diagnostics.push(error("ERR_UCB_MAIL_HEADER", place, mistake.message, mistake.hint));
      else if (lower === "subject") subject = variableText(value);
      else if (!isAddressHeader(lower)) others.push({ name, value: variableText(value) });
      else {
        const list = addressTemplates(value);
        if (list !== null) addresses[lower] = list;
        else {
          const message = `${name} holds ${value === "" ? "no address" : "something that is no address"}`;
          const hint = "write addresses such as farm@example.com, separated by commas";
          this.#diagnostics.push(error("ERR_UCB_MAIL_HEADER", place, message, hint));
        }
      }
    }
    if (body.trim() === "") {
      const hint = headers.length === 0 ? "write a text" : "write an empty line behind the headers, and a text";
      this.#diagnostics.push(warning("WARN_UCB_MAIL_EMPTY", wholeFile(this.#file), "this template has no text", hint));
    }
    const isHtml = /\.html?$/i.test(this.#file);
    return { file: this.#file, isHtml, subject, addresses, headers: others, body: variableText(body) };
  }

  #warnOfMissedHeader(name: string): void {
    const meant = meantHeader(name);
    if (meant === undefined) return;
    const message = `${quoted(name)} is no known header, so all of this is the mail's text`;
    const place = this.#placeOf(0, 0, name.length);
    this.#diagnostics.push(warning("WARN_UCB_MAIL_HEADER", place, message, `did you mean "${meant}"?`));
  }

  #checkVariables(index: number): void {
    for (const { text, name, offset } of variablesIn(this.#lines[index] ?? "")) {
      const problem = isMailVariable(name) ? emptyHere(name, this.#about) : unknownVariable(name);
      if (problem === null) continue;
      const place = this.#placeOf(index, offset, text.length);
      this.#diagnostics.push(
        warning("WARN_UCB_MAIL_VARIABLE", place, `${quoted(text)} ${problem.message}`, problem.hint),
      );
    }
  }

  #placeOf(index: number, offset: number, length: number): Place {
    return placeIn(this.#file, this.#lines, { line: index + 1, column: offset + 1, length });
  }
}

const once = "write it once";

function unknownVariable(name: string): { message: string; hint: string } {
  const known = Object.keys(mailVariables);
  const prefix = known.filter((each) => name.startsWith(each)).sort((one, other) => other.length - one.length)[0];
  const hint =
    didYouMean(name, known) ??
    (prefix === undefined
      ? "variables are written as $JOB_NAME, or in braces"
      : `write \${${prefix}} if ${quoted(name.slice(prefix.length))} is text`);
  return { message: "is no variable and stays as it is", hint };
}

function emptyHere(name: string, about: MailSubject): { message: string; hint: string } | null {
  const isMissing = (name.startsWith("WORK_") && about !== "work") || (name.startsWith("SUBJOB_") && about === "job");
  const what = name.startsWith("WORK_") ? "work item" : "subjob";
  return isMissing
    ? { message: `is empty in a mail about a ${about}, which has no ${what}`, hint: "leave it out" }
    : null;
}
