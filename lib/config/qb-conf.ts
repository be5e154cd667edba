import { resolve } from "node:path";
import type { Diagnostic } from "./diagnostic.js";
import { expandPath } from "./expand-path.js";
import { readIni } from "./ini-document.js";
import { defaultLanguages, type Languages } from "./language-flags.js";
import { type MailTemplates, noTemplates, readMailTemplates } from "./mail-templates.js";
import { PathGuard } from "./permissions.js";
import { error, type Place, warning, wholeFile } from "./place.js";
import { isSecret, readQbConfKeys } from "./qb-conf-keys.js";
import { readTextFile, type TextContent } from "./read-text-file.js";
import { shellWord } from "./shell-word.js";
import { systemReason } from "./system-reason.js";

/** What `qb.conf` says about callbacks; every key has a default. */
export interface QbConf {
  /** Absolute path of the file that was read; null when none was and the defaults hold. */
  file: string | null;
  /** Absolute callback directories, in order. */
  directories: string[];
  languages: Languages;
  /** Absolute folder under which `job/<group>/<jobid>/<jobid>.cb` is written. */
  logPath: string;
  mail: MailSettings;
}

/** What `qb.conf` says about mail. Null where it says nothing. */
export interface MailSettings {
  /** SMTP server; null where mail is not configured. */
  host: string | null;
  /** 1 to 65535. */
  port: number;
  user: string | null;
  password: string | null;
  /** As written: `plain`, `none`, `ssl`, `tls` or `starttls` in any case; no mail is sent with another. Null where absent. */
  connectionType: string | null;
  /** Behind `user@` where a job has no `mailaddress`. */
  domain: string | null;
  /** Sender. */
  from: string;
  /** Receives mails that are about no job. */
  administrator: string | null;
  /** Template files. */
  jobStatusFormat: string | null;
  subjobStatusFormat: string | null;
  workStatusFormat: string | null;
  /** What these files hold. */
  templates: MailTemplates;
}

/** Variables such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface QbConfReading {
  qbConf: QbConf;
  diagnostics: Diagnostic[];
  /** Where each of the directories is named, in their order; the default directory stands for itself. */
  directoryPlaces: Place[];
  /** Why the default directory is read, for people; null where directories are named. */
  unnamed: string | null;
}

/** Read if it exists where no other is named. */
export const usualQbConf = "/etc/qb.conf";
const defaultQbDir = "/usr/local/pfx/qube";
const defaultDirectory = "$QBDIR/callback";
const othersRead = 0o004;

/**
 * Reads `qb.conf`. Values that are wrong are reported and their defaults hold. A file that cannot be used at
 * all, or that others may write to, is an error; then no directory is named, rather than one that nobody asked for.
 * @param path by default `/etc/qb.conf`, which need not exist
 * @param environment for `QBDIR`
 */
export async function readQbConf(path?: string, environment: Environment = process.env): Promise<QbConfReading> {
  const file = resolve(path ?? usualQbConf);
  const qbDir = environment.QBDIR || defaultQbDir;
  const qbConf = emptyQbConf();
  const opened = await openQbConf(file);
  if (opened.content === null) {
    if (opened.isMissing && path === undefined) return withDefaultDirectory(file, qbDir, qbConf, []);
    return { qbConf, diagnostics: opened.diagnostics, directoryPlaces: [], unnamed: null };
  }
  qbConf.file = file;
  const { text } = opened.content;
  const { directoryPlaces, templates, diagnostics } = readQbConfKeys({ file, document: readIni(text), qbDir }, qbConf);
  diagnostics.push(...warningsOfFile(file, opened.content, qbConf));
  const read = await readMailTemplates(templates);
  qbConf.mail.templates = read.templates;
  diagnostics.push(...read.diagnostics);
  if (directoryPlaces === null) return withDefaultDirectory(file, qbDir, qbConf, diagnostics);
  return { qbConf, diagnostics, directoryPlaces, unnamed: null };
}

type Opened = { content: TextContent } | { content: null; isMissing: boolean; diagnostics: Diagnostic[] };

async function openQbConf(file: string): Promise<Opened> {
  const whole = wholeFile(file);
  const fail = (...diagnostics: Diagnostic[]): Opened => ({ content: null, isMissing: false, diagnostics });
  const walked = await new PathGuard().walk(file);
  if (walked.path === null && walked.errno === "ENOENT") {
    const hint = "name another file, or none to read /etc/qb.conf if it exists";
    const missing = error("ERR_UCB_QB_CONF_MISSING", whole, `there is no file ${walked.at}`, hint);
    return { content: null, isMissing: true, diagnostics: [missing] };
  }
  const unreadable = (reason: string) => {
    const hint = `let the user who runs this read it: ls -l ${shellWord(file)}`;
    return fail(error("ERR_UCB_QB_CONF_UNREADABLE", whole, `qb.conf cannot be read: ${reason}`, hint));
  };
  if (walked.path === null) return unreadable(systemReason(walked));
  if (walked.stats.isDirectory()) return unreadable("it is a directory");
  if (walked.problems.length > 0) {
    return fail(...walked.problems.map(({ code, message, hint }) => error(code, whole, message, hint)));
  }
  const content = await readTextFile(walked.path);
  return content.text === null ? unreadable(content.reason) : { content };
}

function withDefaultDirectory(file: string, qbDir: string, qbConf: QbConf, diagnostics: Diagnostic[]): QbConfReading {
  const expanded = expandPath(defaultDirectory, qbDir);
  if (expanded.path !== null) {
    qbConf.directories = [expanded.path];
    const unnamed = qbConf.file === null ? `there is no ${file}` : `${file} sets no supervisor_universal_callback_path`;
    return { qbConf, diagnostics, directoryPlaces: [wholeFile(expanded.path)], unnamed };
  }
  diagnostics.push(error("ERR_UCB_QB_CONF_PATH", wholeFile(file), expanded.message, expanded.hint));
  return { qbConf, diagnostics, directoryPlaces: [], unnamed: null };
}

function warningsOfFile(file: string, { mode, fault }: TextContent, qbConf: QbConf): Diagnostic[] {
  const warnings: Diagnostic[] = [];
  if (qbConf.mail.password !== null && (mode & othersRead) !== 0) {
    const hint = `chmod o-r ${shellWord(file)}`;
    const message = "mail_password stands in a file that everybody may read";
    warnings.push(warning("WARN_UCB_QB_CONF_PASSWORD", wholeFile(file), message, hint));
  }
  if (fault !== null) {
    const lineText = isSecret(fault.lineText) ? "" : fault.lineText;
    const place = { file, line: fault.line, column: fault.column, length: 1, lineText };
    const hint = "store the file as UTF-8: other bytes are not understood";
    warnings.push(warning("WARN_UCB_QB_CONF_ENCODING", place, "this is not UTF-8", hint));
  }
  return warnings;
}

function emptyQbConf(): QbConf {
  return {
    file: null,
    directories: [],
    languages: { ...defaultLanguages },
    logPath: "/var/spool/qube",
    mail: {
      host: null,
      port: 25,
      user: null,
      password: null,
      connectionType: null,
      domain: null,
      from: "qube",
      administrator: null,
      jobStatusFormat: null,
      subjobStatusFormat: null,
      workStatusFormat: null,
      templates: noTemplates,
    },
  };
}
