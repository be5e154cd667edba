import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { UcbError } from "./errors.js";
import { packageRoot } from "./package-root.js";

declare const matcherBrand: unique symbol;
declare const launcherBrand: unique symbol;
/** A matcher that lives in C++; freed with its last reference. */
export type NativeMatcher = { readonly [matcherBrand]: true };
/** A launcher that lives in C++; must be closed. */
export type NativeLauncher = { readonly [launcherBrand]: true };

/** What a matcher holds. */
export interface NativeMatcherStats {
  rules: number;
  /** Event patterns of all rules together. */
  terms: number;
  /** Jobs between submit and removed. */
  attachedJobs: number;
  /** Half-satisfied `&&` memories, one per owner job and rule. */
  memories: number;
  /** Bytes held by tables, text and memories. */
  bytes: number;
}

/** What an entry of a batch is about that is no firing. */
export const nativeBatchKinds = { malformed: -1, submitted: -2, removed: -3 } as const;

/** A rule that an owner has half satisfied. */
export interface NativeHalfSatisfied {
  /** The number that the rule has for its callback. */
  callback: number;
  /** Numbers of the terms that have happened, counted from 0 in the order of the trigger's text. */
  satisfied: number[];
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

/**
 * What a launcher tells, as numbers: a message is `size` numbers in a row, and these are their places. Times are Unix
 * milliseconds, spans milliseconds. What a kind of message does not name is 0.
 */
export const nativeRecord = {
  size: 12,
  /** One of {@link nativeKinds}. */
  kind: 0,
  /** The number the caller gave. */
  ticket: 1,
  atMs: 2,
  /** Of `started`, `slow` and `exited`. */
  pid: 3,
  /** Of `started`. */
  startTicks: 4,
  /** Of `exited`, like all that follow: -1 when a signal ended it; with no signal either, somebody else took the status. */
  exitCode: 5,
  /** Its number, 0 when it exited. */
  signal: 6,
  /** 0 or 1. */
  timedOut: 7,
  /** Of `started`, 0 or 1: by a warm interpreter. It has the place of what only `exited` says. */
  warm: 7,
  durationMs: 8,
  userMs: 9,
  systemMs: 10,
  /**
   * Linux counts what the launching process held when it called exec: never below this process's own peak. -1 if usage is
   * not known.
   */
  maxRssKb: 11,
} as const;

/** Of one launch `started` comes first, and `failed` or `exited` last. */
export const nativeKinds = {
  started: 0,
  failed: 1,
  slow: 2,
  exited: 3,
  logged: 4,
  logFailed: 5,
  /** A warm interpreter has loaded everything. */
  hostReady: 6,
  /** It begins nothing more. */
  hostRefused: 7,
  /** A launch that was meant for a warm interpreter goes on without; `started` or `failed` follow. */
  cold: 8,
} as const;

/** What is behind a `failed`, `logFailed`, `hostRefused` or `cold` message. */
export interface NativeFailure {
  /** Symbolic: `ENOENT`. */
  errno: string;
  syscall: string;
  path: string;
  /** The reason in words: of `hostRefused` and `cold`; empty otherwise. */
  message: string;
}

/** Every symbol of the addon. The shape of the calls is chosen for their cost: see docs/performance.md. */
export interface NativeAddon {
  /**
   * A matcher, and numbers that it writes where they can be read without a call: how many pairs the last match fires (-1
   * for a malformed event), how many owners are noted whose memories changed, and as many pairs of callback number and
   * owner job as there is room for; and one of its own that is 1 while the matcher is the chosen one.
   */
  matcherCreate(pairs: number): [NativeMatcher, Float64Array<ArrayBuffer>, Float64Array<ArrayBuffer>];
  /** Replaces all rules by a compiled program; memories of rules with an unchanged key survive. Throws `ERR_UCB_PROGRAM`. */
  matcherLoad(matcher: NativeMatcher, program: Uint8Array): void;
  /** Attaches a job, or updates what is known of an attached one. `pid` 0 is no parent, `pgrp` 0 is the job's own id. */
  matcherAttach(matcher: NativeMatcher, id: number, pid: number, pgrp: number, label: string): void;
  /** Detaches and forgets all memories the job owns. */
  matcherDetach(matcher: NativeMatcher, id: number): void;
  /** Makes a matcher the chosen one of this thread, in place of another. */
  matcherChoose(matcher: NativeMatcher): void;
  /**
   * Matches one event as it travels by the chosen matcher, which is not handed over because that takes time, and writes
   * its numbers. `submit-job` attaches a job that is not attached yet; `removed-job` detaches afterwards. Throws a
   * `TypeError` while none is chosen.
   */
  matcherMatchChosen(event: string): void;
  /**
   * Matches lines of `bytes`, from the one on that begins at `from`, and writes into `results`: where the first line begins
   * that was not read, how many lines were events, how many of the numbers are used; then four for each entry: what
   * (a callback's number, or one of {@link nativeBatchKinds}), the job (0 for malformed lines), and where the line begins
   * and ends. Ends early when it has filled them; answers with a larger array instead where one event fires too much.
   * Only with `jobs` are there entries of jobs that come and go.
   */
  matcherMatchBatch(
    matcher: NativeMatcher,
    bytes: Uint8Array,
    from: number,
    results: Float64Array,
    jobs: boolean,
  ): Float64Array | undefined;
  /** Copies the last match's pairs, from pair `from` on, into `target`; for answers that the numbers have no room for. */
  matcherFetch(matcher: NativeMatcher, target: Float64Array, from: number): void;
  matcherStats(matcher: NativeMatcher): NativeMatcherStats;
  /** From now on owners whose memories change are noted. */
  matcherTrackMemories(matcher: NativeMatcher): void;
  /**
   * The noted owners, which then are noted no longer, one behind the other: the owner's job id and the length of the
   * bytes that follow, both as float64, and the bytes: what it remembers, none if that is nothing.
   */
  matcherTakeChangedMemories(matcher: NativeMatcher): Uint8Array<ArrayBuffer>;
  /** Notes an owner. */
  matcherNoteChangedMemories(matcher: NativeMatcher, owner: number): void;
  /**
   * Some of the owners that remember something, in the same form, from `cursor` on, which is 0 at first. The last one is
   * none: its id is the next cursor, 0 at the end.
   */
  matcherExportMemories(matcher: NativeMatcher, cursor: number): Uint8Array<ArrayBuffer>;
  /** Replaces what an owner remembers. Throws `ERR_UCB_MEMORIES` and changes nothing if the bytes are malformed. */
  matcherImportMemories(matcher: NativeMatcher, owner: number, exported: Uint8Array): void;
  matcherRemembered(matcher: NativeMatcher, owner: number): NativeHalfSatisfied[];

  /**
   * `onMessages` is called on the event loop with what has happened since the last call: how many messages there are, and
   * the records, which are overwritten by the next call. The launcher does not keep the event loop alive until told to.
   * Throws `ERR_UCB_LAUNCH` without threads or descriptors to be had.
   */
  launcherCreate(
    onMessages: (count: number, records: Float64Array) => void,
    threads: number,
    startingAtOnce: number,
  ): NativeLauncher;
  /**
   * Starts a process; nothing is looked up in PATH or passed to a shell. `strings` are program, working directory and
   * output (absolute paths; no output is an empty string and gives `/dev/null`), then the arguments, the program's name
   * among them, and the `KEY=value` variables of the environment: each followed by a NUL, so that they cross as one.
   * `stdin` becomes a file; null gives `/dev/null`. TERM goes to the process group after `timeoutMs`, KILL `killAfterMs`
   * later, a `slow` message comes after `slowAfterMs`; 0 means never for the first and last. `limits` are niceness, address
   * space, open files and size of each file written; -1 is no limit, and null is no limits at all, which costs less.
   * `host` is the ticket of the warm interpreter that shall begin it, if it can; 0 is none. `script` is a path without links
   * and the numbers of groups that may write, with a NUL between: it fails with a message unless nobody else can change
   * that file; null asks for no check. Unless its `started` message is `awaited`, it comes together with what is told next;
   * unless the process is to be `identified`, it does not tell its start, which takes a look into /proc.
   */
  launcherLaunch(
    launcher: NativeLauncher,
    ticket: number,
    strings: string,
    argumentCount: number,
    variableCount: number,
    stdin: Uint8Array | null,
    timeoutMs: number,
    killAfterMs: number,
    slowAfterMs: number,
    limits: Float64Array | null,
    host: number,
    script: string | null,
    awaited: boolean,
    identified: boolean,
  ): void;
  /** Lets threads begin what was launched and appended before; until then it may wait. */
  launcherHandOver(launcher: NativeLauncher): void;
  /**
   * Starts a warm interpreter, from which launches can be forked. `strings` are as for a launch, with `/` for the working
   * directory and without an output. Tells `started`, `hostReady`, `hostRefused` and `exited`, or `failed`.
   */
  launcherOpenHost(
    launcher: NativeLauncher,
    ticket: number,
    strings: string,
    argumentCount: number,
    variableCount: number,
  ): void;
  /** Lets a warm interpreter end when it has begun all it was asked for. */
  launcherCloseHost(launcher: NativeLauncher, ticket: number): void;
  /**
   * Waits for a process that somebody else has started, as for a launched one, but without a `started` message. Spans
   * count from `startedAtMs`. If there is no such process any more, a `failed` message says `ESRCH`; if this launcher waits
   * for it already, `EBUSY`.
   */
  launcherAdopt(
    launcher: NativeLauncher,
    ticket: number,
    pid: number,
    startTicks: number,
    startedAtMs: number,
    timeoutMs: number,
    killAfterMs: number,
    slowAfterMs: number,
  ): void;
  /** What the message of this index, counted from 0, of the call of `onMessages` under way is about. */
  launcherFailure(launcher: NativeLauncher, index: number): NativeFailure;
  /** Appends a block to a job's log on a thread of its own, once it is handed over; answered by `logged` or `logFailed`. */
  launcherAppendLog(launcher: NativeLauncher, ticket: number, block: NativeLogBlock): void;
  /** Signals the run's process group now; false if it is not running. */
  launcherSignal(launcher: NativeLauncher, ticket: number, signal: number): boolean;
  /**
   * TERM now and KILL after `killAfterMs`, as if the deadline had come but not counted as timed out. What has not been
   * begun fails with `ECANCELED` instead. False if it has ended, or if a host begins it at this moment.
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

  /** Sends one datagram to a service manager's socket; throws `ERR_UCB_CONTROL`, and never waits. */
  serviceNotify(address: string, text: string): void;
}

/** `bindings` notes where it has found the addon. */
type FoundAddon = NativeAddon & { readonly path: string };

const found: FoundAddon = loadAddon();

export const native: NativeAddon = found;

/** The library that warm interpreters load to be forked; built and installed with the addon. */
export const forkHostLibrary: string = join(dirname(found.path), "fork_host.so");

function loadAddon(): FoundAddon {
  const require = createRequire(import.meta.url);
  const bindings = require("bindings") as (options: object) => FoundAddon;
  const prebuilt = `${process.platform}-${process.arch}`;
  try {
    return bindings({
      bindings: "universal_callbacks",
      module_root: packageRoot,
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
      path: packageRoot,
      hint: `build it with CMake and a C++20 compiler: cd ${packageRoot} && npm install --ignore-scripts && npm run build:native`,
    });
  }
}
