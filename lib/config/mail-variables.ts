/** What the variables of mail templates stand for. */
export const mailVariables = {
  HOST: "the machine the supervisor runs on",
  USER: "the user the supervisor runs as",
  TRIGGERS: "the callback's trigger as `callbacks.conf` has it; several stand side by side as alternatives",
  JOB_ACCOUNT: "the job's `account`",
  JOB_CLUSTER: "its `cluster`",
  JOB_CPUS: "its `cpus`",
  JOB_DATA: "its `data`",
  JOB_DOMAIN: "its `domain`",
  JOB_FLAGS: "its `flagsstring`, else its `flags`",
  JOB_GROUPS: "its `groups`",
  JOB_HOSTS: "its `hosts`",
  JOB_ID: "its `id`",
  JOB_KIND: "its `kind`",
  JOB_LABEL: "its `label`",
  JOB_NAME: "its `name`",
  JOB_OMITGROUPS: "its `omitgroups`",
  JOB_OMITHOSTS: "its `omithosts`",
  JOB_PACKAGE: "its `package`",
  JOB_PGRP: "its process group, `pgrp`; its own id where it has none",
  JOB_PID: "its parent, `pid`; empty where it has none",
  JOB_PRIORITY: "its `priority`",
  JOB_PROTOTYPE: "its `prototype`",
  JOB_REQUIREMENTS: "its `requirements`",
  JOB_RESTRICTIONS: "its `restrictions`",
  JOB_STATUS: "its `status`",
  JOB_TIMECOMPLETE: "when it ended, in UTC; empty before",
  JOB_TIMEELAPSED: "from its start to its end, or until now, as `h:mm:ss`; empty before it starts",
  JOB_TIMEOUT: "its `timeout`",
  JOB_TIMESTART: "when it started, in UTC; empty before",
  JOB_TIMESUBMIT: "when it was submitted, in UTC",
  JOB_TYPE: "its `type`",
  JOB_USER: "its `user`",
  WORK_NAME: "the work item's `name`",
  WORK_HOST: "its `host`",
  WORK_STATUS: "its `status`",
  WORK_PID: "its `pid`",
  WORK_SUBID: "its `subid`",
  WORK_ADDRESS: "its `address`",
  WORK_RESULTPACKAGE: "its `resultpackage`",
  SUBJOB_ID: "the subjob's `id`",
  SUBJOB_STATUS: "its `status`",
  SUBJOB_PID: "its `pid`",
  SUBJOB_ADDRESS: "its `address`",
} as const;

/** A variable of mail templates, without its `$`. */
export type MailVariable = keyof typeof mailVariables;

export function isMailVariable(name: string): name is MailVariable {
  return Object.hasOwn(mailVariables, name);
}

/** Text in which variables stand for what is known of a job when a mail is written. */
export type VariableText = readonly (string | { readonly variable: MailVariable })[];

/** A variable as it is written, `$NAME` or `${NAME}`. */
export interface VariableMention {
  /** As written. */
  text: string;
  name: string;
  /** Where it starts in the text. */
  offset: number;
}

export function variablesIn(text: string): VariableMention[] {
  const found = text.matchAll(/\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g);
  return Array.from(found, (match) => ({ text: match[0], name: match[1] ?? match[2] ?? "", offset: match.index }));
}

/** Takes a text apart; what is no known variable stays as it is. */
export function variableText(text: string): VariableText {
  const parts: (string | { variable: MailVariable })[] = [];
  let end = 0;
  for (const mention of variablesIn(text)) {
    if (!isMailVariable(mention.name)) continue;
    if (mention.offset > end) parts.push(text.slice(end, mention.offset));
    parts.push({ variable: mention.name });
    end = mention.offset + mention.text.length;
  }
  if (end < text.length) parts.push(text.slice(end));
  return parts;
}

/** The text with each variable's value, passed through `treat`, in its place. */
export function expandVariables(
  text: VariableText,
  find: (variable: MailVariable) => string,
  treat: (value: string) => string,
): string {
  return text.map((part) => (typeof part === "string" ? part : treat(find(part.variable)))).join("");
}
