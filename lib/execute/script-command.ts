import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Callback } from "../config/configuration.js";
import { UcbError } from "../errors.js";
import { packageRoot } from "../package-root.js";
import { Findings } from "./findings.js";
import { type Interpreters, resolveInterpreter, type ScriptLanguage } from "./interpreters.js";
import type { Run } from "./run.js";

/** A program by its absolute path, and its arguments, its own name first. */
export interface ScriptCommand {
  file: string;
  argv: string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const pythonRunner = join(packageRoot, "runtime", "python", "run_callback.py");
const perlModules = join(packageRoot, "runtime", "perl");

/** Where Qube is usually installed: what `QBDIR` means where nobody set it. */
const usualQbDir = "/usr/local/pfx/qube";
const usualPath = "/usr/local/bin:/usr/bin:/bin";

/** Linux refuses to start a program with a variable of 128 KiB or more, its name included. */
const longestValue = 100_000;

/**
 * Made once for each configuration: opening the script for every run would cost more than starting it. By the interpreters
 * that were found for it: another configuration may bring others.
 */
const commandsOf = new WeakMap<Interpreters, Findings<Callback, ScriptCommand>>();

/**
 * How a script is started: by its own interpreter or the language's, with `qb` at hand. A promise only where that was not
 * asked before.
 * @throws UcbError `ERR_UCB_INTERPRETER` if there is none; `ERR_UCB_LAUNCH` if the script cannot be read
 */
export function scriptCommand(callback: Callback, interpreters: Interpreters): ScriptCommand | Promise<ScriptCommand> {
  let commands = commandsOf.get(interpreters);
  if (commands === undefined) {
    commands = new Findings(async (of) => ({ value: await makeCommand(of, interpreters), lasts: true }));
    commandsOf.set(interpreters, commands);
  }
  return commands.get(callback);
}

async function makeCommand(callback: Callback, interpreters: Interpreters): Promise<ScriptCommand> {
  if (callback.language === "qube") {
    throw new UcbError("ERR_UCB_ARGUMENT", `${callback.path} is no script: its codes are carried out by the engine`);
  }
  const file = await interpreterOf(callback, callback.language, interpreters);
  return { file, argv: [file, ...(await argumentsOf(callback, callback.language))] };
}

async function argumentsOf({ path }: Callback, language: ScriptLanguage): Promise<string[]> {
  // -B: nothing is written into the site's directory. -u: output is in the log as soon as it is printed.
  if (language === "python") return ["-u", "-B", pythonRunner, path];
  return [...lateSwitches(await firstLine(path)), `-I${perlModules}`, "-Mqb", path];
}

async function interpreterOf(
  callback: Callback,
  language: ScriptLanguage,
  interpreters: Interpreters,
): Promise<string> {
  const { interpreter } = callback.options;
  if (interpreter !== null) return await resolveInterpreter(language, interpreter);
  const resolved = interpreters[language];
  if (resolved !== null) return resolved;
  throw new UcbError("ERR_UCB_INTERPRETER", `no interpreter for ${language} callbacks was resolved`, {
    path: callback.path,
  });
}

/**
 * The switches of a Perl script's first line that perl accepts there only if its command line has them too: taint mode
 * and Unicode. All others perl takes from the line itself.
 */
function lateSwitches(line: string): string[] {
  const behindPerl = /^#!.*?perl\S*\s+(-.*)$/.exec(line)?.[1];
  if (behindPerl === undefined) return [];
  return behindPerl.split(/\s+/).flatMap((cluster) => {
    if (!cluster.startsWith("-")) return [];
    // Letters may be bundled, as in -wT; what stands behind some of them is their value.
    const parts = cluster.slice(1).match(/C(?:[0-9]+|[IOEioADSLa]*)|[ImMdDFixV].*|./g) ?? [];
    return parts.filter((part) => /^[TtC]/.test(part)).map((part) => `-${part}`);
  });
}

async function firstLine(path: string): Promise<string> {
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
      return buffer.toString("latin1", 0, bytesRead).split(/\r?\n/, 1)[0] ?? "";
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    throw new UcbError("ERR_UCB_LAUNCH", `${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
      errno: code,
      syscall,
      path,
    });
  }
}

/**
 * What the environment of a script says of its run; `lastingEnvironment` is the rest of it. Text of an event that no
 * environment can hold is cut, and `UCB_EVENT_TRUNCATED=1` says so; the document on stdin has all of it.
 */
export function runEnvironment(run: Run, access: { socket: string; token: string }): Record<string, string> {
  const event = cut(run.event);
  const extra = cut(run.eventFields.extra);
  const name = cut(run.eventFields.name);
  const variables: Record<string, string> = {
    QBJOBID: String(run.jobId),
    UCB_EVENT: event.text,
    UCB_EVENT_NAME: name.text,
    UCB_EVENT_TYPE: run.eventFields.type,
    UCB_EVENT_EXTRA: extra.text,
    UCB_JOB_ID: String(run.jobId),
    UCB_CALLBACK: run.callback,
    UCB_RUN_ID: run.id,
    UCB_ATTEMPT: String(run.attempt),
    UCB_SOCKET: access.socket,
    UCB_TOKEN: access.token,
  };
  if (!(event.whole && extra.whole && name.whole)) variables.UCB_EVENT_TRUNCATED = "1";
  return variables;
}

/** What says what a run is, and is not configured. */
const namesOfRuns = /^(?:QBJOBID$|UCB_)/;

/** That of a callback is made once for each configuration: its variables are many, and runs are more. */
const lasting = new WeakMap<Callback, { environment: Environment; variables: Record<string, string> }>();

/**
 * What is the same in the environments of all runs of a callback: the few variables every program needs, and what its
 * configuration adds, which cannot say what a run is. The same object, for as long as both arguments are.
 */
export function lastingEnvironment(
  callback: Callback,
  environment: Environment = process.env,
): Readonly<Record<string, string>> {
  const known = lasting.get(callback);
  if (known?.environment === environment) return known.variables;
  const { HOME, LANG, TZ } = environment;
  const variables = {
    PATH: environment.PATH ?? usualPath,
    ...(HOME !== undefined && { HOME }),
    ...(LANG !== undefined && { LANG }),
    ...(TZ !== undefined && { TZ }),
    QBDIR: environment.QBDIR ?? usualQbDir,
    ...Object.fromEntries(Object.entries(callback.options.env).filter(([name]) => !namesOfRuns.test(name))),
  };
  lasting.set(callback, { environment, variables });
  return variables;
}

/** As much of `text` as an environment variable can hold, in whole characters. */
function cut(text: string): { text: string; whole: boolean } {
  const end = text.indexOf("\0");
  const usable = end < 0 ? text : text.slice(0, end);
  if (usable.length * 3 <= longestValue) return { text: usable, whole: end < 0 };
  const bytes = Buffer.from(usable);
  if (bytes.length <= longestValue) return { text: usable, whole: end < 0 };
  let length = longestValue;
  // 10xxxxxx goes on with a character: step back to where one begins.
  while (((bytes[length] ?? 0) & 0xc0) === 0x80) length--;
  return { text: bytes.toString("utf8", 0, length), whole: false };
}
