import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UcbError } from "./errors.js";

declare const matcherBrand: unique symbol;
declare const launcherBrand: unique symbol;
/** A matcher that lives in C++; freed with its last reference. */
export type NativeMatcher = { readonly [matcherBrand]: true };
/** A launcher that lives in C++; must be closed. */
export type NativeLauncher = { readonly [launcherBrand]: true };

export interface NativeMatcherStats {
  rules: number;
  terms: number;
  /** Jobs between submit and removed. */
  attachedJobs: number;
  /** Half-satisfied `&&` memories, one per owner job and rule. */
  memories: number;
  /** Bytes held by tables, text and memories. */
  bytes: number;
}

/** What to start. All of it is given to the system as it is; nothing is looked up in PATH or passed to a shell. */
export interface NativeLaunch {
  /** Absolute path of the program. */
  file: string;
  /** At least one string, each followed by a NUL: one crossing for all of them. */
  argv: string;
  /** `KEY=value` strings, each followed by a NUL: the whole environment. */
  env: string;
  /** Absolute working directory. */
  cwd: string;
  /** Written to a memfd that becomes stdin; null gives `/dev/null`. */
  stdin: Uint8Array | null;
  /** Absolute path of the file that stdout and stderr are appended to, created with its folders; null gives `/dev/null`. */
  output: string | null;
  /** TERM to the process group after this many milliseconds; 0 means never. */
  timeoutMs: number;
  /** KILL to the process group this long after TERM. */
  killAfterMs: number;
  /** A `slow` message after this many milliseconds; 0 means never. */
  slowAfterMs: number;
}

export interface NativeLogBlock {
  /** Absolute path of the log the block is appended to under a lock, created with its folders. */
  log: string;
  header: string;
  /** A file whose content is the body and which is unlinked afterwards; null for none. */
  bodyFile: string | null;
  /** Appended after the file's content. Either part that does not end in a newline is given one. */
  body: string;
  trailer: string;
}

/** What a launcher tells, in batches; `ticket` is the number the caller gave. Times are Unix milliseconds. */
export type NativeMessage =
  | { kind: "started"; ticket: number; pid: number; startTicks: number; atMs: number }
  | { kind: "failed"; ticket: number; errno: string; syscall: string; path: string; atMs: number }
  | { kind: "slow"; ticket: number; pid: number; atMs: number }
  | {
      kind: "exited";
      ticket: number;
      pid: number;
      /** null when a signal ended it; with no signal either, somebody else has taken the status. */
      exitCode: number | null;
      /** `SIGKILL` and the like, null when it exited. */
      signal: string | null;
      timedOut: boolean;
      durationMs: number;
      userMs: number;
      systemMs: number;
      /** Linux counts what the launching process held when it called exec: never below this process's own peak. */
      maxRssKb: number;
      atMs: number;
    }
  | { kind: "logged"; ticket: number }
  | { kind: "logfailed"; ticket: number; errno: string; syscall: string; path: string };

/** Every symbol of the addon. The shape of the calls is chosen for their cost: see docs/performance.md. */
export interface NativeAddon {
  /** `results` is pinned: pairs of callback index and owner job id are written to it. */
  matcherCreate(results: Float64Array): NativeMatcher;
  /** Replaces all rules by a compiled program; memories of rules with an unchanged key survive. Throws `ERR_UCB_PROGRAM`. */
  matcherLoad(matcher: NativeMatcher, program: Uint8Array): void;
  /** Attaches a job, or updates what is known of an attached one. `pid` 0 is no parent, `pgrp` 0 is the job's own id. */
  matcherAttach(matcher: NativeMatcher, id: number, pid: number, pgrp: number, label: string): void;
  /** Detaches and forgets all memories the job owns. */
  matcherDetach(matcher: NativeMatcher, id: number): void;
  /**
   * Matches one event as it travels. Returns how many pairs it fires (the first of them are in `results`), or -1 if
   * the text is malformed. `submit-job` attaches a job that is not attached yet; `removed-job` detaches afterwards.
   */
  matcherMatch(matcher: NativeMatcher, event: string): number;
  /** Copies the last match's pairs, from pair `from` on, into `target`; for answers larger than `results`. */
  matcherFetch(matcher: NativeMatcher, target: Float64Array, from: number): void;
  matcherStats(matcher: NativeMatcher): NativeMatcherStats;

  /**
   * `onMessages` is called on the event loop with what has happened since the last call. The launcher does not keep the
   * event loop alive until told to. Throws `ERR_UCB_LAUNCH` without threads or descriptors to be had.
   */
  launcherCreate(onMessages: (messages: NativeMessage[]) => void, threads: number): NativeLauncher;
  launcherLaunch(launcher: NativeLauncher, ticket: number, launch: NativeLaunch): void;
  /** Appends a block to a job's log on a thread of its own; answered by `logged` or `logfailed`. */
  launcherAppendLog(launcher: NativeLauncher, ticket: number, block: NativeLogBlock): void;
  /** Signals the run's process group now; false if it is not running. */
  launcherSignal(launcher: NativeLauncher, ticket: number, signal: number): boolean;
  /**
   * TERM now and KILL after `killAfterMs`, as if the deadline had come but not counted as timed out. What has not been
   * begun fails with `ECANCELED` instead. False if it is being started at this moment, or has ended.
   */
  launcherTerminate(launcher: NativeLauncher, ticket: number, killAfterMs: number): boolean;
  /** Whether the launcher keeps the event loop alive. */
  launcherRef(launcher: NativeLauncher, ref: boolean): void;
  /**
   * Stops all threads and hands the messages of all that had happened to `onMessages` before it returns; none comes
   * later. Launches not begun are forgotten. Processes still running go on; their deadlines are kept and they are reaped.
   */
  launcherClose(launcher: NativeLauncher): void;

  /** Locks a file, made if it is missing, until it is unlocked or the process dies; returns the lock's number. */
  fileLock(path: string): number;
  fileUnlock(lock: number): void;
}

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The package's own folder, which holds `runtime/`. */
export const packageRoot = root;

export const native: NativeAddon = loadAddon();

function loadAddon(): NativeAddon {
  const require = createRequire(import.meta.url);
  const bindings = require("bindings") as (options: object) => NativeAddon;
  const prebuilt = `${process.platform}-${process.arch}`;
  try {
    return bindings({
      bindings: "universal_callbacks",
      module_root: root,
      try: [
        ["module_root", "prebuilds", prebuilt, "bindings"],
        ["module_root", "build", "Release", "bindings"],
        ["module_root", "build", "Debug", "bindings"],
      ],
      prebuilt,
    });
  } catch (error) {
    throw new UcbError("ERR_UCB_ADDON_MISSING", `the native addon could not be loaded for ${prebuilt}`, {
      cause: error,
      path: root,
      hint: `build it with CMake and a C++20 compiler: cd ${root} && npm install --ignore-scripts && npm run build:native`,
    });
  }
}
