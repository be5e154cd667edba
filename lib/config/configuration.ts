import type { Trigger } from "../trigger/ast.js";
import type { Diagnostic } from "./diagnostic.js";
import type { Place } from "./place.js";
import type { QbConf } from "./qb-conf.js";
import type { QcbCode } from "./qcb.js";
import type { RunLimits } from "./run-limits.js";

/** What a callback is written in; `qube` is a `.qcb` file. */
export type Language = "python" | "perl" | "qube";

/** What an administrator sets for a callback, in a section named after its file or in `[*]`. */
export interface CallbackOptions extends RunLimits {
  /** Milliseconds until TERM; default 10 minutes. */
  timeoutMs: number;
  /** Absolute path of an interpreter of the site's own; null uses the resolved default. */
  interpreter: string | null;
  /** What `env.NAME = value` adds to the callback's environment. */
  env: Readonly<Record<string, string>>;
  enabled: boolean;
  /** How much its processes stand back for others, 0 to 19. */
  nice: number;
  limits: ProcessLimits;
  /** Whether a script is forked from a warm interpreter; `auto`: where it is run often. */
  warm: "auto" | "yes" | "no";
  /** Modules that a warm interpreter has loaded. */
  preload: readonly string[];
}

/** What each process of a callback may use; null for what the engine itself may. */
export interface ProcessLimits {
  /** Bytes of address space. */
  memory: number | null;
  /** Descriptors. */
  files: number | null;
  /** Bytes of output, after which the run is ended. */
  output: number | null;
}

/** One line of `callbacks.conf`: a trigger that fires a file. */
export interface CallbackTrigger {
  trigger: Trigger;
  line: number;
  /** Column of the trigger's first character. */
  column: number;
}

/** A file that a directory's `callbacks.conf` names, with all its triggers. */
export interface Callback {
  /** Directory index and file name, `0/checkWork.pl`: stable across reloads that keep the order of directories. */
  id: string;
  /** The file's name as written. */
  file: string;
  /** Absolute, with links resolved: what will be run. */
  path: string;
  /** Absolute path of the callback directory. */
  directory: string;
  /** Absolute path of the `callbacks.conf` that names it. */
  configFile: string;
  language: Language;
  triggers: readonly CallbackTrigger[];
  options: CallbackOptions;
  /** The parsed lines of a `.qcb` file; empty for scripts. */
  codes: readonly QcbCode[];
  /** Where its section sets an interpreter, for what turns out when that is asked what it is; absent where none is set. */
  interpreterPlace?: Place;
}

/** Everything that was read: what can run, and what was found wrong. */
export interface Configuration {
  directories: readonly string[];
  qbConf: QbConf;
  /** Usable callbacks in the order of directories and lines; those with an error are left out. */
  callbacks: readonly Callback[];
  diagnostics: readonly Diagnostic[];
}
