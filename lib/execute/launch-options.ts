import { argumentError, isObject } from "../argument-error.js";
import { UcbError } from "../errors.js";
import { type LaunchLimits, packLimits } from "./launch-limits.js";
import type { TrustedScript } from "./trusted-script.js";

/** A process to start. Nothing is looked up in `PATH`, nothing passes through a shell, nothing is inherited. */
export interface LaunchOptions {
  /** Absolute path of the program. */
  file: string;
  /** What follows the program's name on its command line. */
  args?: readonly string[] | undefined;
  /** The name the program is told it was called by; `file` by default. */
  argv0?: string | undefined;
  /** The whole environment; empty by default. */
  env?: Readonly<Record<string, string>> | undefined;
  /**
   * Variables in front of those of `env`, none of which it names again: an object that many launches have in common and
   * nobody changes, since it is read once.
   * @internal
   */
  sharedEnv?: Readonly<Record<string, string>> | undefined;
  /** Absolute path of its working directory. */
  cwd: string;
  /** What it reads from stdin, text as UTF-8; `/dev/null` by default. */
  stdin?: string | Uint8Array | null | undefined;
  /** Absolute path of the file stdout and stderr are appended to, created with its folders; `/dev/null` by default. */
  output?: string | null | undefined;
  /** TERM to its process group after this many milliseconds; 0, the default, is never. */
  timeoutMs?: number | undefined;
  /** KILL to its process group this many milliseconds after TERM; 5000 by default. */
  killAfterMs?: number | undefined;
  /** The observer's `slow` is called after this many milliseconds; 0, the default, is never. */
  slowAfterMs?: number | undefined;
  /** How far it stands back behind this process, 0 to 19; 0 by default. */
  nice?: number | undefined;
  limits?: LaunchLimits | undefined;
  /**
   * A file that it shall only be started for if nobody but root and this user can change it at that moment, and what
   * groups have no other members; none by default.
   */
  script?: TrustedScript | null | undefined;
  /**
   * Whether `started` is told since when the process runs, by which a later launcher can adopt it; true by default.
   * @internal
   */
  identified?: boolean | undefined;
  /**
   * The ticket of a host of this launcher that shall begin it, if it can; none by default.
   * @internal
   */
  host?: number | undefined;
}

/** Milliseconds between TERM and KILL where nothing else is said. */
export const defaultKillAfterMs = 5000;

/** A launch as the addon takes it. */
export interface PackedLaunch {
  /** Program, working directory, output or nothing, arguments, variables: each followed by a NUL. */
  strings: string;
  argumentCount: number;
  variableCount: number;
  stdin: Uint8Array | null;
  timeoutMs: number;
  killAfterMs: number;
  slowAfterMs: number;
  limits: Float64Array | null;
  script: string | null;
}

/** @throws UcbError `ERR_UCB_ARGUMENT` for anything the system could not take or would take for something else */
export function packLaunch(options: LaunchOptions): PackedLaunch {
  if (!isObject(options)) throw argumentError("options", "an object", options);
  const { file, cwd, output = null, stdin = null, argv0 = file, args = [], env = {}, sharedEnv } = options;
  checkPath("file", file);
  checkPath("cwd", cwd);
  if (output !== null) checkPath("output", output);
  checkText("argv0", argv0);
  if (!Array.isArray(args)) throw argumentError("args", "a list of strings", args);
  if (!isObject(env)) throw argumentError("env", "an object", env);
  let strings = `${file}\0${cwd}\0${output ?? ""}\0${argv0}\0`;
  for (const argument of args) {
    checkText("an argument", argument);
    strings += `${argument}\0`;
  }
  const shared = sharedEnv === undefined ? noVariables : packedOnce(sharedEnv);
  const own = packVariables(env);
  return {
    strings: `${strings}${shared.strings}${own.strings}`,
    argumentCount: 1 + args.length,
    variableCount: shared.count + own.count,
    stdin: stdin === null ? null : bytesOf(stdin),
    timeoutMs: milliseconds("timeoutMs", options.timeoutMs, 0),
    killAfterMs: milliseconds("killAfterMs", options.killAfterMs, defaultKillAfterMs),
    slowAfterMs: milliseconds("slowAfterMs", options.slowAfterMs, 0),
    limits: packLimits(options.nice, options.limits),
    script: packScript(options.script ?? null),
  };
}

/** Variables as the addon takes them. */
interface PackedVariables {
  strings: string;
  count: number;
}

const noVariables: PackedVariables = { strings: "", count: 0 };

const sharedVariables = new WeakMap<Readonly<Record<string, string>>, PackedVariables>();

function packedOnce(env: Readonly<Record<string, string>>): PackedVariables {
  let packed = sharedVariables.get(env);
  if (packed === undefined) {
    packed = packVariables(env);
    sharedVariables.set(env, packed);
  }
  return packed;
}

function packVariables(env: Readonly<Record<string, string>>): PackedVariables {
  const names = Object.keys(env);
  let strings = "";
  for (const name of names) {
    const value = env[name];
    if (name === "" || name.includes("=") || name.includes("\0")) {
      throw new UcbError("ERR_UCB_ARGUMENT", `${JSON.stringify(name)} cannot be the name of an environment variable`);
    }
    if (typeof value !== "string" || value.includes("\0")) checkText(`the environment variable ${name}`, value);
    strings += `${name}=${value}\0`;
  }
  return { strings, count: names.length };
}

function packScript(script: TrustedScript | null): string | null {
  if (script === null) return null;
  checkPath("script.path", script.path);
  return `${script.passed === true ? ":" : ""}${[script.path, ...script.groups].join("\0")}`;
}

/** @throws UcbError `ERR_UCB_ARGUMENT` */
export function checkPath(name: string, path: unknown): void {
  checkText(name, path);
  if (!path.startsWith("/")) throw new UcbError("ERR_UCB_ARGUMENT", `${name} must be an absolute path, not "${path}"`);
}

/**
 * `value`, or `otherwise` if it is absent.
 * @throws UcbError `ERR_UCB_ARGUMENT`
 */
export function milliseconds(name: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY) return value;
  throw new UcbError("ERR_UCB_ARGUMENT", `${name} must be a number of milliseconds, 0 or more, not ${String(value)}`);
}

/** @throws UcbError `ERR_UCB_ARGUMENT` */
export function checkString(name: string, text: unknown): asserts text is string {
  if (typeof text !== "string") throw new UcbError("ERR_UCB_ARGUMENT", `${name} must be a string, not ${typeof text}`);
}

function checkText(name: string, text: unknown): asserts text is string {
  checkString(name, text);
  if (text.includes("\0")) throw new UcbError("ERR_UCB_ARGUMENT", `${name} contains a NUL character`);
}

function bytesOf(stdin: string | Uint8Array): Uint8Array {
  if (typeof stdin === "string") return Buffer.from(stdin);
  if (stdin instanceof Uint8Array) return stdin;
  throw new UcbError("ERR_UCB_ARGUMENT", `stdin must be a string or a Uint8Array, not ${typeof stdin}`);
}
