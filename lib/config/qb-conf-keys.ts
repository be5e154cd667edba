import { quoted } from "../trigger/wording.js";
import type { Diagnostic } from "./diagnostic.js";
import type { DiagnosticCode } from "./diagnostic-codes.js";
import { closestOf, didYouMean } from "./did-you-mean.js";
import { expandPath } from "./expand-path.js";
import type { IniDocument, IniEntry } from "./ini-document.js";
import type { IniText } from "./ini-text.js";
import { parseLanguageFlags } from "./language-flags.js";
import { connectionTypes, encryptionOf, isConnectionType } from "./mail-connection.js";
import type { MailSubject } from "./mail-template.js";
import type { NamedTemplate } from "./mail-templates.js";
import { error, type Place, placeIn, warning } from "./place.js";
import type { MailSettings, QbConf } from "./qb-conf.js";
import { type ListItem, splitList } from "./split-list.js";

export interface QbConfSource {
  file: string;
  document: IniDocument;
  /** What `$QBDIR` stands for. */
  qbDir: string;
}

/** What the keys of a `qb.conf` found. */
export interface QbConfKeys {
  /** Where each directory is named, in order; null where the key for them is absent. */
  directoryPlaces: Place[] | null;
  templates: NamedTemplate[];
  /** In the order of the file. */
  diagnostics: Diagnostic[];
}

/** Reads one key's value into the settings. */
type Setter = (value: IniText, qbConf: QbConf, reader: KeyReader) => void;

/** What a text must be to be taken for meant. */
interface Kind {
  isGood: (text: string) => boolean;
  what: string;
  hint: string;
}

/** Where servers listen for connections that are encrypted from the start. */
const encryptedPort = 465;
const hostHint = "write the name or the address of one SMTP server, such as smtp.example.com";
const domainHint = "write what stands behind the @ of an address, such as example.com";
const addressHint = "write an address such as farm@example.com";

const setters: ReadonlyMap<string, Setter> = new Map<string, Setter>([
  ["supervisor_universal_callback_path", (value, qbConf, reader) => reader.readDirectories(value, qbConf)],
  ["supervisor_language_flags", (value, qbConf, reader) => reader.readLanguages(value, qbConf)],
  ["supervisor_logpath", (value, qbConf, reader) => reader.readLogPath(value, qbConf)],
  ["mail_host", mailText("host", { isGood: (text) => !/\s/.test(text), what: "name of a host", hint: hostHint })],
  ["mail_port", (value, qbConf, reader) => reader.readPort(value, qbConf)],
  ["mail_user", mailText("user")],
  ["mail_password", mailText("password")],
  ["mail_connection_type", (value, qbConf, reader) => reader.readConnectionType(value, qbConf)],
  ["mail_domain", mailText("domain", { isGood: (text) => !/[\s@]/.test(text), what: "domain", hint: domainHint })],
  ["mail_from", ({ text }, { mail }) => Object.assign(mail, text === "" ? {} : { from: text })],
  [
    "mail_administrator",
    mailText("administrator", {
      isGood: (text) => splitList(text).every(isAddress),
      what: "address",
      hint: addressHint,
    }),
  ],
  ["mail_job_status_format", mailTemplate("jobStatusFormat", "job")],
  ["mail_subjob_status_format", mailTemplate("subjobStatusFormat", "subjob")],
  ["mail_work_status_format", mailTemplate("workStatusFormat", "work")],
]);

type OptionalMailSetting = Exclude<keyof MailSettings, "port" | "from" | "templates">;

function mailText(name: OptionalMailSetting, kind?: Kind): Setter {
  return (value, { mail }, reader) => {
    const { text } = value;
    if (text !== "" && kind !== undefined && !kind.isGood(text)) reader.failKind(value, kind);
    else mail[name] = text === "" ? null : text;
  };
}

function isAddress({ text }: ListItem): boolean {
  return /[^\s@]@[^\s@]/.test(text);
}

function mailTemplate(name: OptionalMailSetting, about: MailSubject): Setter {
  return (value, { mail }, reader) => {
    mail[name] = value.text === "" ? null : reader.readTemplate(value, about);
  };
}

/** Whether a line may hold a password; then it is not to be shown. */
export function isSecret(line: string): boolean {
  const key = line.split("=", 1)[0] ?? "";
  return /pass|pwd|secret/i.test(line) || closestOf(key.trim(), ["mail_password"]) !== undefined;
}

/**
 * Reads the keys that matter for callbacks into the settings; those of the rest of the farm are not ours to judge. A
 * value that is wrong leaves the setting as it was.
 */
export function readQbConfKeys(source: QbConfSource, qbConf: QbConf): QbConfKeys {
  const reader = new KeyReader(source);
  reader.read(qbConf);
  const { diagnostics, directoryPlaces, templates } = reader;
  return {
    directoryPlaces,
    templates,
    diagnostics: diagnostics.sort((a, b) => a.line - b.line || a.column - b.column),
  };
}

class KeyReader {
  readonly diagnostics: Diagnostic[] = [];
  directoryPlaces: Place[] | null = null;
  readonly templates: NamedTemplate[] = [];
  readonly #source: QbConfSource;
  /** By number, since a long line may hold many mistakes. */
  readonly #secretLines = new Map<number, boolean>();

  constructor(source: QbConfSource) {
    this.#source = source;
  }

  read(qbConf: QbConf): void {
    // The last of equal keys holds, and only what it says is worth judging.
    const last = new Map<string, IniEntry>();
    for (const entry of this.#source.document.head) {
      const { key } = entry;
      if (!setters.has(key.text)) {
        const first = /^\S+(?=\s)/.exec(key.text)?.[0];
        if (entry.value === null && first !== undefined && setters.has(first)) this.#failEquals(key, first);
        else this.#warnOfCloseMiss(key);
        continue;
      }
      if (last.has(key.text)) {
        const message = `${quoted(key.text)} is set again; this one holds`;
        this.#warn("WARN_UCB_QB_CONF_KEY_TWICE", key, message, "leave only one of them");
      }
      last.set(key.text, entry);
    }
    for (const { key, value } of last.values()) {
      if (value !== null) setters.get(key.text)?.(value, qbConf, this);
      else this.#fail("ERR_UCB_QB_CONF_VALUE", key, `${quoted(key.text)} has no value`, `write "${key.text} = …"`);
    }
    if (!last.get("mail_port")?.value?.text && encryptionOf(qbConf.mail.connectionType) === "always") {
      qbConf.mail.port = encryptedPort;
    }
    for (const { name, entries } of this.#source.document.sections) {
      for (const { key } of entries.filter((entry) => setters.has(entry.key.text))) {
        const message = `${quoted(key.text)} stands in the section ${quoted(name.text)} and is not read`;
        this.#warn("WARN_UCB_QB_CONF_SECTION", key, message, "move it above the first section");
      }
    }
  }

  readDirectories(value: IniText, qbConf: QbConf): void {
    const items = splitList(value.text);
    if (items.length === 0) this.#failEmpty(value, "write the path of a callback directory, or leave the key out");
    qbConf.directories = [];
    this.directoryPlaces = [];
    for (const item of items) {
      const path = this.path(value, item);
      if (path === null) continue;
      qbConf.directories.push(path);
      this.directoryPlaces.push(this.#place(value, item));
    }
  }

  readLanguages(value: IniText, qbConf: QbConf): void {
    if (value.text === "") {
      this.#failEmpty(value, "write a list of languages such as qube, python, or 0 for none");
      return;
    }
    qbConf.languages = parseLanguageFlags(value.text, (item, message, hint) => {
      this.diagnostics.push(error("ERR_UCB_QB_CONF_LANGUAGE", this.#place(value, item), message, hint));
    });
  }

  readLogPath(value: IniText, qbConf: QbConf): void {
    if (value.text === "") this.#failEmpty(value, "write the path of a directory, or leave the key out");
    else qbConf.logPath = this.path(value, { text: value.text, start: 0, end: value.text.length }) ?? qbConf.logPath;
  }

  readPort(value: IniText, qbConf: QbConf): void {
    const port = Number(value.text);
    if (/^[0-9]+$/.test(value.text) && port >= 1 && port <= 65535) qbConf.mail.port = port;
    else if (value.text !== "") {
      const hint = "a port is a whole number from 1 to 65535";
      this.#fail("ERR_UCB_QB_CONF_VALUE", value, `${quoted(value.text)} is no port`, hint);
    }
  }

  /** A wrong one is kept as it is: it must end in no mail, and not in a connection that is not encrypted. */
  readConnectionType(value: IniText, { mail }: QbConf): void {
    mail.connectionType = value.text === "" ? null : value.text;
    if (value.text === "" || isConnectionType(value.text)) return;
    const hint = didYouMean(value.text, connectionTypes) ?? `write ${connectionTypes.join(", ")}`;
    this.#fail("ERR_UCB_QB_CONF_VALUE", value, `${quoted(value.text)} is no type of connection`, hint);
  }

  /** Returns the template's path; null if it cannot be used. */
  readTemplate(value: IniText, about: MailSubject): string | null {
    const path = this.path(value, { text: value.text, start: 0, end: value.text.length });
    if (path !== null) this.templates.push({ about, path, place: this.#place(value) });
    return path;
  }

  failKind(value: IniText, { what, hint }: Kind): void {
    this.#fail("ERR_UCB_QB_CONF_VALUE", value, `${quoted(value.text)} is no ${what}`, hint);
  }

  /** The path that an item of a value stands for; null if it cannot be used. */
  path(value: IniText, item: ListItem): string | null {
    const expanded = expandPath(item.text, this.#source.qbDir);
    if (expanded.path === null) {
      const { message, hint } = expanded;
      this.diagnostics.push(error("ERR_UCB_QB_CONF_PATH", this.#place(value, item), message, hint));
    }
    return expanded.path;
  }

  #failEquals(key: IniText, name: string): void {
    const place = this.#place(key, { text: name, start: 0, end: name.length });
    const message = `there is no = behind ${quoted(name)}, so the line sets nothing`;
    this.diagnostics.push(error("ERR_UCB_QB_CONF_VALUE", place, message, `write "${name} = …"`));
  }

  #warnOfCloseMiss(key: IniText): void {
    const meant = closestOf(key.text, setters.keys());
    if (meant === undefined) return;
    const message = "this key is unknown but close to one that matters for callbacks";
    this.#warn("WARN_UCB_QB_CONF_KEY", key, message, `did you mean ${quoted(meant)}?`);
  }

  #failEmpty(value: IniText, hint: string): void {
    this.#fail("ERR_UCB_QB_CONF_VALUE", value, "the value is empty", hint);
  }

  #fail(code: DiagnosticCode, text: IniText, message: string, hint: string): void {
    this.diagnostics.push(error(code, this.#place(text), message, hint));
  }

  #warn(code: DiagnosticCode, text: IniText, message: string, hint: string): void {
    this.diagnostics.push(warning(code, this.#place(text), message, hint));
  }

  #place(text: IniText, item?: ListItem): Place {
    const { file, document } = this.#source;
    const column = item === undefined ? text.column : text.columnAt(item.start);
    const length = item === undefined ? text.length : text.columnAt(item.end) - column;
    const place = placeIn(file, document.lines, { line: text.line, column, length });
    let secret = this.#secretLines.get(text.line);
    if (secret === undefined) {
      secret = isSecret(place.lineText);
      this.#secretLines.set(text.line, secret);
    }
    return secret ? { ...place, lineText: "" } : place;
  }
}
