import { join } from "node:path";
import { parseTrigger } from "../trigger/parse.js";
import { quoted } from "../trigger/wording.js";
import { type CallbackFile, type CallbackFolder, checkCallbackFile } from "./callback-file.js";
import { callbacksConf } from "./callback-folder.js";
import { isStrayOption, languageOf, mistakeInName } from "./callback-name.js";
import { defaultOptions, readOptions } from "./callback-options.js";
import type { Callback, CallbackOptions, CallbackTrigger } from "./configuration.js";
import { type Diagnostic, errorsOf } from "./diagnostic.js";
import type { DiagnosticCode } from "./diagnostic-codes.js";
import { didYouMean } from "./did-you-mean.js";
import { type IniDocument, type IniEntry, readIni } from "./ini-document.js";
import type { IniText } from "./ini-text.js";
import type { Languages } from "./language-flags.js";
import type { OptionLanguage } from "./option-reader.js";
import type { PathGuard } from "./permissions.js";
import { type Extent, error, type Place, placeIn, warning } from "./place.js";
import type { MailSettings } from "./qb-conf.js";
import type { QcbCode } from "./qcb.js";
import { checkNeeds } from "./qcb-needs.js";

export interface CallbacksConfRequest {
  folder: CallbackFolder;
  /** The directory's number: the first part of its callbacks' ids. */
  index: number;
  languages: Languages;
  /** What `.qcb` callbacks send mails with. */
  mail: MailSettings;
  guard: PathGuard;
}

export interface CallbacksConf {
  /** Those that can be used, in the order in which their files are first named. */
  callbacks: Callback[];
  /** Those of `callbacks.conf` in its order, then those of each `.qcb` file in its own. */
  diagnostics: Diagnostic[];
}

/**
 * Reads the text of a `callbacks.conf` and checks all that it names. A mistake in a callback's name, file or section leaves that
 * callback out. A mistake in one of several triggers leaves out that trigger, and one in `[*]` leaves that
 * option at its default; the callbacks concerned stay. Never throws for a mistake.
 */
export async function readCallbacksConf(text: string, request: CallbacksConfRequest): Promise<CallbacksConf> {
  return new ConfReader(readIni(text), request).read();
}

/** What is known of a file that is named. */
interface Named {
  name: string;
  triggers: CallbackTrigger[];
  /** Null where the name cannot be that of a file. */
  file: CallbackFile | null;
  /** The entries of the sections named after it. */
  options: IniEntry[];
}

class ConfReader {
  readonly #document: IniDocument;
  readonly #request: CallbacksConfRequest;
  readonly #configFile: string;
  readonly #named = new Map<string, Named>();
  readonly #diagnostics: Diagnostic[] = [];
  /** The names whose repetition has been reported: once says it all. */
  readonly #repeated = new Set<string>();
  /** Lines as they may be shown, by number, since a long one may hold many mistakes. */
  readonly #shownLines = new Map<number, string>();

  constructor(document: IniDocument, request: CallbacksConfRequest) {
    this.#document = document;
    this.#request = request;
    this.#configFile = join(request.folder.path, callbacksConf);
  }

  async read(): Promise<CallbacksConf> {
    for (const issue of this.#document.issues) this.#fail(issue.code, this.#place(issue), issue.message, issue.hint);
    for (const entry of this.#document.head) await this.#readEntry(entry);
    const entriesForAll = this.#assignSections();
    const forAll = await this.#readOptions(entriesForAll, defaultOptions, "all");
    const callbacks: Callback[] = [];
    for (const named of this.#named.values()) {
      const callback = await this.#build(named, forAll.options);
      if (callback !== null) callbacks.push(callback);
    }
    const files = [...new Set([this.#configFile, ...this.#diagnostics.map(({ file }) => file)])];
    const order = new Map(files.map((file, index) => [file, index]));
    const fileOf = ({ file }: Diagnostic) => order.get(file) ?? 0;
    this.#diagnostics.sort((a, b) => fileOf(a) - fileOf(b) || a.line - b.line || a.column - b.column);
    return { callbacks, diagnostics: this.#diagnostics };
  }

  async #readEntry(entry: IniEntry): Promise<void> {
    const { key, value } = entry;
    const before = this.#named.get(key.text);
    const named = before ?? (await this.#readName(key));
    this.#named.set(key.text, named);
    if (before !== undefined && !this.#repeated.has(key.text)) {
      this.#repeated.add(key.text);
      const message = `${quoted(key.text)} is named again: all its triggers hold`;
      const hint = "join the triggers with || on one line";
      this.#diagnostics.push(warning("WARN_UCB_CALLBACK_TWICE", this.#place(key), message, hint));
    }
    this.#warnOfGluedComment(entry);
    if (value !== null) {
      // What an option is set to is no trigger, and may be a secret.
      if (!isStrayOption(key.text)) this.#readTrigger(value, named);
      return;
    }
    const cut = entry.comment?.glued === true;
    const hint = cut
      ? "quote the name if # or ; belongs to it"
      : "write = and a trigger behind it, such as done-job-self";
    this.#fail("ERR_UCB_CALLBACK_NO_TRIGGER", this.#place(key), `${quoted(key.text)} has no trigger`, hint);
  }

  async #readName(key: IniText): Promise<Named> {
    const { folder, languages, mail, guard } = this.#request;
    const name = key.text;
    const place = this.#place(key);
    const mistake = mistakeInName(name, folder.callbackFiles);
    const language = languageOf(name);
    if (mistake !== null || language === undefined) {
      if (mistake !== null) this.#fail(mistake.code, place, mistake.message, mistake.hint);
      return { name, triggers: [], file: null, options: [] };
    }
    const file = await checkCallbackFile({ folder, name, language, languages, mail, guard, place });
    if (!languages[language]) {
      const hint = `add ${language} to supervisor_language_flags in qb.conf`;
      const message = `the language ${language} is switched off`;
      file.diagnostics.push(error("ERR_UCB_CALLBACK_LANGUAGE", place, message, hint));
    }
    this.#diagnostics.push(...file.diagnostics);
    return { name, triggers: [], file, options: [] };
  }

  #readTrigger(value: IniText, named: Named): void {
    const { trigger, issues } = parseTrigger(value.text);
    if (trigger !== null) named.triggers.push({ trigger, line: value.line, column: value.column });
    for (const { span, ...issue } of issues) {
      const column = value.columnAt(span.start);
      const place = this.#place({ line: value.line, column, length: value.columnAt(span.end) - column });
      this.#diagnostics.push({ ...issue, ...place });
    }
  }

  /** Gives each section's entries to the callback it is named after, and returns those for all. */
  #assignSections(): IniEntry[] {
    const forAll: IniEntry[] = [];
    for (const { name, entries } of this.#document.sections) {
      for (const entry of entries) this.#warnOfGluedComment(entry);
      const options = name.text === "*" ? forAll : this.#named.get(name.text)?.options;
      if (options !== undefined) options.push(...entries);
      else {
        const message = `no callback above is named ${quoted(name.text)}`;
        const hint =
          didYouMean(name.text, this.#named.keys()) ?? "a section is named after a callback's file, or [*] for all";
        this.#fail("ERR_UCB_SECTION_UNKNOWN", this.#place(name), message, hint);
      }
    }
    return forAll;
  }

  async #readOptions(entries: readonly IniEntry[], defaults: CallbackOptions, language: OptionLanguage) {
    const { guard } = this.#request;
    const reading = await readOptions(entries, { language, defaults, guard, placeOf: (text) => this.#place(text) });
    this.#diagnostics.push(...reading.diagnostics);
    return reading;
  }

  async #build({ name, triggers, file, options: entries }: Named, defaults: CallbackOptions): Promise<Callback | null> {
    const language = languageOf(name);
    const { options, diagnostics } = await this.#readOptions(entries, defaults, language ?? "unknown");
    if (file === null || language === undefined) return null;
    const { folder, index } = this.#request;
    const placeOf = ({ text, line, column }: QcbCode) =>
      placeIn(join(folder.path, name), file.lines, { line, column, length: text.length });
    const parsed = triggers.map(({ trigger }) => trigger);
    const needs = checkNeeds(file.codes, parsed, placeOf);
    this.#diagnostics.push(...needs);
    const isBad = errorsOf([...file.diagnostics, ...diagnostics, ...needs]).length > 0;
    if (file.path === null || isBad || triggers.length === 0) return null;
    return {
      id: `${index}/${name}`,
      file: name,
      path: file.path,
      directory: folder.path,
      configFile: this.#configFile,
      language,
      triggers,
      options,
      codes: file.codes,
      ...(options.interpreter === null ? {} : this.#interpreterPlace(entries)),
    };
  }

  #interpreterPlace(entries: readonly IniEntry[]): Pick<Callback, "interpreterPlace"> {
    const value = entries.findLast(({ key }) => key.text === "interpreter")?.value ?? null;
    return value === null ? {} : { interpreterPlace: this.#place(value) };
  }

  #warnOfGluedComment({ key, value, comment }: IniEntry): void {
    if (comment === null || !comment.glued || (value !== null && value.text === "")) return;
    const place = this.#place({ line: key.line, column: comment.column, length: 1 });
    const hint = `quote the ${value === null ? "name" : "value"} if this belongs to it, else put a space in front`;
    this.#diagnostics.push(warning("WARN_UCB_INI_COMMENT", place, "from here on this is a comment", hint));
  }

  #fail(code: DiagnosticCode, place: Place, message: string, hint: string): void {
    this.#diagnostics.push(error(code, place, message, hint));
  }

  #place(extent: Extent): Place {
    const place = placeIn(this.#configFile, this.#document.lines, extent);
    let lineText = this.#shownLines.get(extent.line);
    if (lineText === undefined) {
      const firstSection = this.#document.sections[0]?.name.line ?? Number.POSITIVE_INFINITY;
      lineText = withoutSecret(place.lineText, extent.line >= firstSection);
      this.#shownLines.set(extent.line, lineText);
    }
    return { ...place, lineText };
  }
}

/** A line of a configuration without the value of an option that may be a secret, to be shown to people. */
function withoutSecret(line: string, inSection: boolean): string {
  const [key = "", value] = line.split(/=(.*)/s, 2);
  const name = key.trim().replace(/^["']/, "");
  const isSecret = inSection ? /^env|pass|pwd|secret|token/i.test(name) : isStrayOption(name);
  return isSecret && value !== undefined ? `${key}= …` : line;
}
