import { join } from "node:path";
import type { Callback } from "../config/configuration.js";
import { forkHostLibrary } from "../native.js";
import { packageRoot } from "../package-root.js";
import { coldReason } from "./cold-reason.js";
import type { ScriptCommand } from "./script-command.js";

/** What one warm interpreter is started with. Callbacks of the same kind share one. */
export interface WarmKind {
  /** Two kinds with the same key are the same. */
  key: string;
  file: string;
  args: string[];
  env: Record<string, string>;
}

/**
 * Where the system shows the variables that a process was started with, a fork shows what its run is, so that it can be
 * found after a crash: this is the room for it.
 */
const roomForRun = "-".repeat(1000);

/**
 * The loader looks up all functions of libraries at once, which each fork would do again for those it calls first. Perl
 * loads its modules in a way that this changes: one that lacks a function which is not called would not be loaded.
 */
const bound = { LD_BIND_NOW: "1" };

const pythonHost = join(packageRoot, "runtime", "python", "warm_host.py");
const perlHost = join(packageRoot, "runtime", "perl", "qb", "fork.pl");

/**
 * Variables that interpreters, the C library and the loader read once, when they start: what a fork is given later has no
 * effect. PATH is what a preloaded module may want.
 */
const readAtStart =
  /^(?:PYTHON|PERL|LD_|LC_|GCONV_|MALLOC_|GLIBC_)|^(?:LANG|LANGUAGE|LOCPATH|NLSPATH|HOME|TZ|TZDIR|PATH)$/;

/** By the variables, which are a callback's own and the same object for all its runs. */
const kinds = new WeakMap<Readonly<Record<string, string>>, { command: ScriptCommand; kind: WarmKind | string }>();

/**
 * The kind of interpreter that can be forked for a callback, or why there is none: in words that go behind "no: ". The
 * variables are those that last: what a run adds to them makes no difference.
 */
export function warmKind(
  callback: Callback,
  command: ScriptCommand,
  environment: Readonly<Record<string, string>>,
): WarmKind | string {
  const known = kinds.get(environment);
  if (known?.command === command) return known.kind;
  const kind = kindOf(callback, command, environment);
  kinds.set(environment, { command, kind });
  return kind;
}

function kindOf(
  callback: Callback,
  command: ScriptCommand,
  environment: Readonly<Record<string, string>>,
): WarmKind | string {
  const { env, preload } = callback.options;
  const reason = coldReason(environment);
  if (reason !== null) return reason;
  const { file, argv } = command;
  const switches = argv.slice(1).filter((argument) => argument.startsWith("-") && argument !== "-Mqb");
  if (callback.language === "perl" && switches.some((option) => /^-[Tt]/.test(option))) {
    return "its first line asks for taint mode";
  }
  const host = callback.language === "python" ? [pythonHost, forkHostLibrary] : ["-Mqb::warm", perlHost];
  const args = [...switches, ...host, ...preload];
  // What is preloaded may look at any of the callback's own variables while it is loaded.
  const names = Object.keys(environment).filter(
    (name) => readAtStart.test(name) || (preload.length > 0 && Object.hasOwn(env, name)),
  );
  const hostEnv = Object.fromEntries(names.sort().map((name) => [name, environment[name] ?? ""]));
  const key = JSON.stringify([file, args, hostEnv]);
  return {
    key,
    file,
    args,
    env: { UCB_WARM: roomForRun, ...(callback.language === "python" ? bound : {}), ...hostEnv },
  };
}
