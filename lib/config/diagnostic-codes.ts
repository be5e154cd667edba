/**
 * Every code a {@link Diagnostic} can have, with its meaning. Codes are stable; one that starts with `WARN` is a warning
 * unless a strict reading makes it an error.
 */
export const diagnosticCodes = {
  ERR_UCB_INI_SECTION: "a section's name is not closed or is followed by text",
  ERR_UCB_INI_KEY: "a line has no key in front of its =",
  WARN_UCB_INI_COMMENT: "# or ; stands directly behind a text and cuts it off; quotes would keep it",

  ERR_UCB_PATH_OWNER: "a file, a directory or one above it belongs to neither root nor the user who reads it",
  ERR_UCB_PATH_WRITABLE: "others may write to a file, a directory or one above it",

  ERR_UCB_QB_CONF_MISSING: "the qb.conf that was asked for does not exist",
  ERR_UCB_QB_CONF_UNREADABLE: "qb.conf cannot be read",
  ERR_UCB_QB_CONF_VALUE: "a key of qb.conf has no value, or one that is not of its kind",
  ERR_UCB_QB_CONF_PATH: "a path in qb.conf is relative or holds a variable other than $QBDIR",
  ERR_UCB_QB_CONF_LANGUAGE: "supervisor_language_flags holds no known language",
  WARN_UCB_QB_CONF_KEY: "a key of qb.conf is close to one that matters here",
  WARN_UCB_QB_CONF_KEY_TWICE: "a key of qb.conf is set again; the last one holds",
  WARN_UCB_QB_CONF_SECTION: "a key of qb.conf stands in a section, where it is not read",
  WARN_UCB_QB_CONF_PASSWORD: "qb.conf holds mail_password and everybody may read it",
  WARN_UCB_QB_CONF_ENCODING: "qb.conf is not UTF-8",

  ERR_UCB_MAIL_MISSING: "a mail template does not exist",
  ERR_UCB_MAIL_UNREADABLE: "a mail template cannot be read",
  ERR_UCB_MAIL_ENCODING: "a mail template is not UTF-8",
  ERR_UCB_MAIL_HEADER: "a header of a mail template is malformed, set twice, or none that a template may set",
  WARN_UCB_MAIL_HEADER: "a mail template begins with what looks like a misspelt header",
  WARN_UCB_MAIL_VARIABLE: "a variable of a mail template is unknown, or always empty there",
  WARN_UCB_MAIL_EMPTY: "a mail template has no text",

  ERR_UCB_DIRECTORY_MISSING: "a callback directory does not exist",
  ERR_UCB_DIRECTORY_KIND: "a callback directory is something else than a directory",
  ERR_UCB_DIRECTORY_UNREADABLE: "a callback directory cannot be read",
  WARN_UCB_DIRECTORY_TWICE: "a callback directory is named a second time and left out",

  ERR_UCB_CALLBACKS_CONF_MISSING: "a callback directory has no callbacks.conf",
  ERR_UCB_CALLBACKS_CONF_UNREADABLE: "callbacks.conf cannot be read",
  ERR_UCB_CALLBACKS_CONF_ENCODING: "callbacks.conf is not UTF-8",
  ERR_UCB_CALLBACKS_CONF_LINK: "callbacks.conf is a link that leads out of its directory",

  ERR_UCB_CALLBACK_NAME: "a key of callbacks.conf is no name of a file in the same directory",
  ERR_UCB_CALLBACK_OUTSIDE: "a key of callbacks.conf is a path that leads out of its directory",
  ERR_UCB_CALLBACK_EXTENSION: "a callback's file has none of the extensions .py, .pl and .qcb",
  ERR_UCB_CALLBACK_LANGUAGE: "a callback's language is switched off in qb.conf",
  ERR_UCB_CALLBACK_MISSING: "a callback's file does not exist",
  ERR_UCB_CALLBACK_KIND: "a callback's file is something else than a regular file",
  ERR_UCB_CALLBACK_LINK: "a callback's file is a link that leads out of its directory",
  ERR_UCB_CALLBACK_UNREADABLE: "a callback's file cannot be read",
  ERR_UCB_CALLBACK_ENCODING: "a .qcb file is not UTF-8",
  ERR_UCB_CALLBACK_NO_TRIGGER: "a key of callbacks.conf stands alone, without = and trigger",
  WARN_UCB_CALLBACK_TWICE: "a callback's file is named a second time; both triggers hold",

  ERR_UCB_TRIGGER_EMPTY: "a trigger is empty",
  ERR_UCB_TRIGGER_SYNTAX: "an operator, an event or a parenthesis is missing or too many",
  ERR_UCB_TRIGGER_TOO_DEEP: "parentheses are nested too deeply",
  ERR_UCB_TRIGGER_QUOTE: "a quote is not closed",
  ERR_UCB_TRIGGER_NAME: "an event's name is empty or holds a dash",
  ERR_UCB_TRIGGER_TYPE: "an event's type is missing or unknown",
  ERR_UCB_TRIGGER_CONTEXT: "an event's context is missing or no possible job id",
  ERR_UCB_TRIGGER_EXTRA_MISSING: "an event of this type needs an extra",
  ERR_UCB_TRIGGER_TIME: "a time or an interval is no whole number in range",
  WARN_UCB_TRIGGER_NAME: "an event's name is unknown and close to a known one, or holds a blank",
  WARN_UCB_TRIGGER_CONTEXT:
    "a label looks like a misspelt self or parent, like a list of events, or like one that a dash has cut short",
  WARN_UCB_TRIGGER_FIXED_JOB: "an event is bound to one job for ever",
  WARN_UCB_TRIGGER_JOB_EXTRA: "a job event has no extra",
  WARN_UCB_TRIGGER_EXTRA_MISSING:
    "an event of any type is written without an extra and matches only those that have none",
  WARN_UCB_TRIGGER_TIME_NAME: "a time or repeat event has another name than dummy, by which supervisors report none",
  WARN_UCB_TRIGGER_NEVER: "events joined by && can never belong to the same job",
  WARN_UCB_TRIGGER_TWICE: "an event stands twice in one expression",

  ERR_UCB_SECTION_UNKNOWN: "a section of callbacks.conf is named after no callback of the file",
  ERR_UCB_OPTION_UNKNOWN: "a section of callbacks.conf holds an unknown option",
  ERR_UCB_OPTION_VALUE: "an option has no value, or one that is not of its kind",
  ERR_UCB_OPTION_PLACE: "an option cannot be set for all callbacks, or not for a callback of this language",
  ERR_UCB_OPTION_INTERPRETER: "an interpreter is missing, not executable or not safe to run",
  WARN_UCB_OPTION_TWICE: "an option is set again; the last one holds",

  ERR_UCB_QCB_CODE: "a line of a .qcb file is no known code",
  ERR_UCB_QCB_LANGUAGE: "a .qcb file sends mail and the language mail is switched off in qb.conf",
  WARN_UCB_QCB_MAIL: "a .qcb file sends mail and qb.conf does not say through what server, or who the administrator is",
  ERR_UCB_QCB_WORK: "a .qcb code needs a work item and no trigger of its file can have one",
  ERR_UCB_QCB_SUBJOB: "a .qcb code needs a subjob and no trigger of its file can have one",
  ERR_UCB_QCB_JOB: "a .qcb code needs a job and no trigger of its file can have one",
  WARN_UCB_QCB_EVENT: "a .qcb code needs something that some of the events that fire it do not have",
  WARN_UCB_QCB_EMPTY: "a .qcb file holds no code",
} as const;

export type DiagnosticCode = keyof typeof diagnosticCodes;
