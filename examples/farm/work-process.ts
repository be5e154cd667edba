import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

export interface WorkCommand {
  argv: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** File that receives what the command prints. */
  log: string;
  /** Seconds until it is ended; null for no limit. */
  timeout: number | null;
}

/** How a command ended; `error` says why it could not be started. */
export interface WorkEnd {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  timedOut: boolean;
  error: string | null;
}

export interface WorkListener {
  /** Its time is up; it is being ended. */
  timeout(): void;
  /** Told once, and last. */
  ended(end: WorkEnd): void;
}

/** Between TERM and KILL, in milliseconds. */
const patienceMs = 2000;

/** A work item's command as a real process: leader of a group of its own, so that signals reach what it starts too. */
export class WorkProcess {
  readonly #child: ChildProcess;
  readonly #listener: WorkListener;
  #suspended = false;
  #stopping = false;
  #timedOut = false;
  #ended = false;
  #deadline: NodeJS.Timeout | null = null;
  #kill: NodeJS.Timeout | null = null;
  /** Milliseconds that are left, and since when that is so: a suspended command loses no time. */
  #remaining: number | null;
  #since = Date.now();

  constructor(command: WorkCommand, listener: WorkListener) {
    const [file = "", ...args] = command.argv;
    this.#listener = listener;
    this.#remaining = command.timeout === null ? null : command.timeout * 1000;
    const log = openSync(command.log, "a", 0o644);
    try {
      this.#child = spawn(file, args, {
        cwd: command.cwd,
        env: { ...command.env },
        stdio: ["ignore", log, log],
        detached: true,
      });
    } finally {
      closeSync(log);
    }
    this.#child.once("error", (error) => {
      if (this.#child.pid === undefined) this.#finish(null, null, error.message);
    });
    this.#child.once("exit", (exitCode, signal) => this.#finish(exitCode, signal, null));
    this.#startClock();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get suspended(): boolean {
    return this.#suspended;
  }

  /** Ends it: TERM to its group, and KILL to whatever is left after a moment. */
  stop(): void {
    if (this.#stopping || this.#ended) return;
    this.#stopping = true;
    this.#stopClock();
    this.#signal("SIGTERM");
    // A stopped process takes no other signal than KILL until it may continue.
    this.#signal("SIGCONT");
    this.#suspended = false;
    this.#kill = setTimeout(() => this.#signal("SIGKILL"), patienceMs);
  }

  kill(): void {
    this.#signal("SIGKILL");
  }

  suspend(): void {
    if (this.#suspended || this.#stopping || this.#ended) return;
    this.#suspended = true;
    this.#stopClock();
    this.#signal("SIGSTOP");
  }

  resume(): void {
    if (!this.#suspended || this.#ended) return;
    this.#suspended = false;
    this.#startClock();
    this.#signal("SIGCONT");
  }

  #startClock(): void {
    if (this.#remaining === null) return;
    this.#since = Date.now();
    this.#deadline = setTimeout(() => {
      this.#timedOut = true;
      this.#listener.timeout();
      this.stop();
    }, this.#remaining);
  }

  #stopClock(): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#deadline = null;
    if (this.#remaining !== null) this.#remaining = Math.max(0, this.#remaining - (Date.now() - this.#since));
  }

  #finish(exitCode: number | null, signal: NodeJS.Signals | null, error: string | null): void {
    if (this.#ended) return;
    // What the command started and left behind goes with it.
    this.#signal("SIGKILL");
    this.#ended = true;
    this.#stopClock();
    if (this.#kill !== null) clearTimeout(this.#kill);
    this.#listener.ended({ exitCode, signal, timedOut: this.#timedOut, error });
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#ended) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // Nobody of the group is left.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
