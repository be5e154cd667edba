import type { Diagnostic } from "./diagnostic.js";
import { type MailSubject, type MailTemplate, parseMailTemplate, type TemplateReading } from "./mail-template.js";
import { PathGuard } from "./permissions.js";
import { error, type Place } from "./place.js";
import { readTextFile } from "./read-text-file.js";
import { shellWord } from "./shell-word.js";
import { systemReason } from "./system-reason.js";

/** How mails are written; null where the form that is built in holds. */
export type MailTemplates = Readonly<Record<MailSubject, MailTemplate | null>>;

export const noTemplates: MailTemplates = { job: null, subjob: null, work: null };

/** A template file, and where it is named. */
export interface NamedTemplate {
  about: MailSubject;
  /** Absolute. */
  path: string;
  place: Place;
}

/** Reads the template files. One with an error is reported and not used. */
export async function readMailTemplates(
  named: readonly NamedTemplate[],
): Promise<{ templates: MailTemplates; diagnostics: Diagnostic[] }> {
  const templates: Record<MailSubject, MailTemplate | null> = { ...noTemplates };
  const diagnostics = new Map<string, Diagnostic>();
  for (const each of named) {
    const reading = await readTemplate(each);
    templates[each.about] = reading.template;
    // The same file may serve for several, with the same mistakes.
    for (const found of reading.diagnostics) {
      const { code, file, line, column, message } = found;
      diagnostics.set(`${code} ${file}:${line}:${column} ${message}`, found);
    }
  }
  return { templates, diagnostics: [...diagnostics.values()] };
}

async function readTemplate({ about, path, place }: NamedTemplate): Promise<TemplateReading> {
  const fail = (...diagnostics: Diagnostic[]): TemplateReading => ({ template: null, diagnostics });
  const unreadable = (reason: string) => {
    const hint = `let the user who runs this read it: ls -l ${shellWord(path)}`;
    return fail(error("ERR_UCB_MAIL_UNREADABLE", place, `the mail template cannot be read: ${reason}`, hint));
  };
  const walked = await new PathGuard().walk(path);
  if (walked.path === null) {
    if (walked.errno !== "ENOENT") return unreadable(systemReason(walked));
    const hint = "create it, or remove the line: mails then have the form that is built in";
    return fail(error("ERR_UCB_MAIL_MISSING", place, `there is no mail template ${walked.at}`, hint));
  }
  if (walked.problems.length > 0) {
    return fail(...walked.problems.map(({ code, message, hint }) => error(code, place, message, hint)));
  }
  const content = await readTextFile(walked.path);
  if (content.text === null) return unreadable(content.reason);
  if (content.fault !== null) {
    const at = { file: path, length: 1, ...content.fault };
    return fail(error("ERR_UCB_MAIL_ENCODING", at, "this is not UTF-8", "store the file as UTF-8"));
  }
  return parseMailTemplate(content.text, path, about);
}
