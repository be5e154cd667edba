import type { Callback, Configuration } from "../config/configuration.js";

/** What a new configuration changed: callbacks by their ids. */
export interface ConfigurationChange {
  /** The number of the configuration that holds now; the one an engine is opened with is 1. */
  generation: number;
  added: string[];
  removed: string[];
  /** Other triggers, options, codes of a `.qcb` file, or another file behind the name. What a script contains does not count. */
  changed: string[];
  /** Whether how mail is sent has changed. */
  mail: boolean;
  /** Keys of `qb.conf` that have changed and hold only for engines that are opened anew. */
  needsRestart: string[];
}

export function compareConfigurations(
  before: Configuration,
  after: Configuration,
): Omit<ConfigurationChange, "generation"> {
  const known = new Map(before.callbacks.map((callback) => [callback.id, factsOf(callback)]));
  const now = new Map(after.callbacks.map((callback) => [callback.id, factsOf(callback)]));
  const both = [...now.keys()].filter((id) => known.has(id));
  return {
    added: [...now.keys()].filter((id) => !known.has(id)),
    removed: [...known.keys()].filter((id) => !now.has(id)),
    changed: both.filter((id) => known.get(id) !== now.get(id)),
    mail: JSON.stringify(before.qbConf.mail) !== JSON.stringify(after.qbConf.mail),
    needsRestart: before.qbConf.logPath === after.qbConf.logPath ? [] : ["supervisor_logpath"],
  };
}

/** All that decides what a callback does; where it stands in its file does not. */
function factsOf({ file, path, directory, language, triggers, options, codes }: Callback): string {
  const expressions = triggers.map(({ trigger }) => trigger.text);
  const { env, ...rest } = options;
  const variables = Object.entries(env).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([file, path, directory, language, expressions, rest, variables, codes.map(({ text }) => text)]);
}

/** Whether nothing that a running engine can take over differs. */
export function isSame({ added, removed, changed, mail }: Omit<ConfigurationChange, "generation">): boolean {
  return added.length + removed.length + changed.length === 0 && !mail;
}
