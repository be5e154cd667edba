/** Where in a configuration file something was found; line and column count from 1, columns in UTF-16 units. */
export interface SourcePosition {
  file: string;
  line: number;
  column: number;
}

/** What an error tells beside its code and its message, as far as it is known. */
export interface UcbErrorDetails extends Partial<SourcePosition> {
  /** Symbolic system error such as `ENOENT`, where the system failed. */
  errno?: string | undefined;
  /** The system call that failed. */
  syscall?: string | undefined;
  /** The file the failure is about. */
  path?: string | undefined;
  /** What the reader can do about it. */
  hint?: string | undefined;
  cause?: unknown;
}

/**
 * Every error this package throws or reports. `code` is stable and meant for programs; `message` is meant for people.
 */
export class UcbError extends Error {
  override readonly name: string = "UcbError";
  readonly code: ErrorCode;
  readonly errno?: string;
  readonly syscall?: string;
  readonly path?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly hint?: string;

  constructor(code: ErrorCode, message: string, details: UcbErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    const { cause: _, ...own } = details;
    for (const [key, value] of Object.entries(own)) if (value !== undefined) Object.assign(this, { [key]: value });
  }
}

/** The codes of {@link UcbError}; diagnostics of configuration files have codes of their own (`lib/config`). */
export const errorCodes = {
  ERR_UCB_ADDON_MISSING: "no native addon for this platform was found or it could not be loaded",
  ERR_UCB_CLOSED: "the engine, launcher or matcher was closed before the call",
  ERR_UCB_ARGUMENT: "a caller passed a value of the wrong kind or range",
  ERR_UCB_EVENT: "an event is malformed",
  ERR_UCB_TRIGGER: "a trigger expression is malformed",
  ERR_UCB_PROGRAM: "a compiled trigger program was refused by the matcher",
  ERR_UCB_MEMORIES: "bytes are not what a matcher exported as the memories of a job's `&&` triggers",
  ERR_UCB_CONFIG: "a configuration cannot be used",
  ERR_UCB_QB_CONF: "qb.conf is missing, unreadable or wrong",
  ERR_UCB_CONTROL: "a daemon cannot be reached, or cannot listen where it is to be reached",
  ERR_UCB_UNKNOWN_RUN: "a run that is asked for is not known",
  ERR_UCB_SLOW: "somebody who follows what happens reads too slowly",
  ERR_UCB_STATE: "the durable state cannot be opened or written",
  ERR_UCB_CALLBACK_GONE: "a run of an earlier engine waits for a callback that is no longer configured",
  ERR_UCB_LOST: "an attempt ended while no supervisor was there to see it",
  ERR_UCB_STATUS: "a process that was taken over ended, and the system does not tell how",
  ERR_UCB_LAUNCH: "a process could not be started",
  ERR_UCB_GONE: "a process to be taken over has ended in the meantime",
  ERR_UCB_LOG: "the output of a run could not be written",
  ERR_UCB_INTERPRETER: "no usable interpreter for a callback's language was found",
  ERR_UCB_ACTION: "an action asked for by a callback could not be carried out",
  ERR_UCB_BRIDGE: "a running callback asked the supervisor for something it may not have or does not exist",
  ERR_UCB_WARM: "a warm interpreter cannot be had; scripts are started cold",
  ERR_UCB_MAIL: "a mail could not be sent, and will not be if it is tried again",
  ERR_UCB_FUNCTION: "a function registered as a callback threw",
  ERR_UCB_LATER: "a mail, or a function registered as a callback, was to be tried again later, and no attempt was left",
  ERR_UCB_THROTTLED: "a run was not run: its callback's throttle allows no more",
  ERR_UCB_COALESCED: "a run was not run: the queue was full, and a waiting run of the same job stands for it",
  ERR_UCB_QUEUE_FULL: "a run was not run: too many of its callback waited",
  ERR_UCB_INPUT: "a line of input is not a valid event record, or input cannot be read",
  ERR_UCB_INIT: "a callback directory cannot be begun: some of it is there already, or it cannot be written",
  ERR_UCB_RECORD: "events cannot be recorded, or not all of them",
  ERR_UCB_OUTPUT: "the answer of a command cannot be written",
} as const;

/** One of {@link errorCodes}; they are stable. */
export type ErrorCode = keyof typeof errorCodes;

/** `error` as a {@link UcbError}: itself if it is one, else wrapped under `code` with `context` in front of its message. */
export function asUcbError(error: unknown, code: ErrorCode, context: string): UcbError {
  if (error instanceof UcbError) return error;
  const system = error as NodeJS.ErrnoException | undefined;
  const text = error instanceof Error ? error.message : String(error);
  return new UcbError(code, context === "" ? text : `${context}: ${text}`, {
    cause: error,
    errno: errnoOf(system),
    syscall: system?.syscall,
    path: system?.path,
  });
}

/** Errors of Node name what the system said in `code`, those of the addon in `errno`. */
function errnoOf(error: { code?: unknown; errno?: unknown } | undefined): string | undefined {
  if (typeof error?.errno === "string") return error.errno;
  return typeof error?.code === "string" && !error.code.startsWith("ERR_UCB_") ? error.code : undefined;
}
