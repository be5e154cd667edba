import { join } from "node:path";
import type { UcbError } from "../lib/errors.js";
import type { Launcher, LaunchOptions, ProcessOutcome } from "../lib/execute/launcher.js";
import type { Random } from "../test/support/random.js";

/** How a launch ended, in short: `exit 3`, `SIGKILL`, `timed out SIGTERM`, or the system's name for why it never began. */
type Ending = string;

interface Fault {
  name: string;
  /** How often it is chosen, compared with the others. */
  weight: number;
  options(random: Random): LaunchOptions;
  /** Every way in which it may end. */
  endings: readonly Ending[];
  /** What is done to it as soon as it is known to run, or at once. */
  meddle?: { when: "started" | "at once"; act(launcher: Launcher, ticket: number): void };
}

const shell = (script: string, more: Partial<LaunchOptions> = {}): LaunchOptions => ({
  ...{ file: "/bin/sh", args: ["-c", script], env: { PATH: "/usr/bin:/bin" }, cwd: "/" },
  ...more,
});
const soon = (random: Random) => 1 + random.below(20);

/** What a process may do, and what may be done to it. `folder` receives outputs. */
function faults(folder: string): Fault[] {
  const output = (random: Random) => join(folder, `output-${random.below(16)}`);
  const sleeper = ["SIGTERM", "timed out SIGTERM"];
  return [
    { name: "succeeds", weight: 30, options: () => ({ file: "/bin/true", cwd: "/" }), endings: ["exit 0"] },
    { name: "fails", weight: 12, options: () => ({ file: "/bin/false", cwd: "/" }), endings: ["exit 1"] },
    { name: "fails oddly", weight: 6, options: () => shell("exit 75"), endings: ["exit 75"] },
    { name: "kills itself", weight: 4, options: () => shell("kill -KILL $$"), endings: ["SIGKILL"] },
    { name: "crashes", weight: 3, options: () => shell("ulimit -c 0; kill -SEGV $$"), endings: ["SIGSEGV"] },
    {
      ...{ name: "does not end", weight: 5, endings: ["timed out SIGTERM"] },
      options: (random) => ({ file: "/bin/sleep", args: ["1000"], cwd: "/", timeoutMs: soon(random), slowAfterMs: 1 }),
    },
    {
      ...{ name: "ignores TERM", weight: 3, endings: ["timed out SIGTERM", "timed out SIGKILL"] },
      options: (random) =>
        shell("trap '' TERM; while :; do sleep 0.01; done", {
          timeoutMs: soon(random) + 10,
          killAfterMs: soon(random),
        }),
    },
    {
      ...{ name: "stops itself", weight: 3, endings: ["timed out SIGTERM"] },
      options: (random) => shell("kill -STOP $$; exit 5", { timeoutMs: soon(random) + 10 }),
    },
    {
      ...{ name: "is stopped and goes on", weight: 3, endings: ["exit 7"], options: () => shell("exit 7") },
      meddle: {
        when: "started",
        act: (launcher, ticket) => {
          launcher.signal(ticket, "SIGSTOP");
          launcher.signal(ticket, "SIGCONT");
        },
      },
    },
    {
      ...{ name: "is ended as it begins", weight: 4, endings: [...sleeper, "ECANCELED"] },
      options: () => ({ file: "/bin/sleep", args: ["1000"], cwd: "/" }),
      meddle: { when: "at once", act: (launcher, ticket) => void launcher.terminate(ticket, 1) },
    },
    { name: "leaves a daemon", weight: 3, options: () => shell("sleep 0.05 & exit 0"), endings: ["exit 0"] },
    {
      ...{ name: "forks and does not end", weight: 2, endings: ["timed out SIGTERM"] },
      options: (random) => shell("sleep 1000 & sleep 1000 & wait", { timeoutMs: soon(random) }),
    },
    {
      ...{ name: "bursts", weight: 4, endings: ["exit 0"] },
      options: (random) => shell("head -c 20000 /dev/zero", { output: output(random) }),
    },
    {
      ...{ name: "reads much", weight: 3, endings: ["exit 0"] },
      options: () => ({ file: "/bin/cat", cwd: "/", stdin: new Uint8Array(65_536) }),
    },
    { name: "is missing", weight: 6, options: () => ({ file: "/nowhere/script", cwd: "/" }), endings: ["ENOENT"] },
    { name: "is no program", weight: 2, options: () => ({ file: "/etc/passwd", cwd: "/" }), endings: ["EACCES"] },
    { name: "has no folder", weight: 2, options: () => ({ file: "/bin/true", cwd: "/nowhere" }), endings: ["ENOENT"] },
    {
      ...{ name: "has no log", weight: 2, endings: ["ENOENT"] },
      options: () => ({ file: "/bin/true", cwd: "/", output: "/proc/nowhere/output" }),
    },
  ];
}

/** Launches processes that go wrong in every way, one at a time, and compares how each ends with how it should. */
export class SoakLaunches {
  /** What ended in a way it should not have. */
  readonly surprises: string[] = [];
  readonly counts = new Map<string, number>();
  readonly #launcher: Launcher;
  readonly #random: Random;
  readonly #faults: Fault[];

  constructor(launcher: Launcher, random: Random, folder: string) {
    this.#launcher = launcher;
    this.#random = random;
    this.#faults = faults(folder).flatMap((fault) => Array<Fault>(fault.weight).fill(fault));
  }

  /** Launches one and calls `done` when it has ended. */
  launch(done: () => void): void {
    const fault = this.#random.pick(this.#faults);
    this.counts.set(fault.name, (this.counts.get(fault.name) ?? 0) + 1);
    const end = (ending: Ending) => {
      if (!fault.endings.includes(ending)) this.surprises.push(`what "${fault.name}" ended with ${ending}`);
      done();
    };
    const { meddle } = fault;
    const ticket = this.#launcher.launch(fault.options(this.#random), {
      started: () => {
        if (meddle?.when === "started") meddle.act(this.#launcher, ticket);
      },
      exited: (outcome) => end(endingOf(outcome)),
      failed: ({ errno, message }: UcbError) => end(errno ?? message),
    });
    if (meddle?.when === "at once") meddle.act(this.#launcher, ticket);
  }
}

function endingOf({ exitCode, signal, timedOut }: ProcessOutcome): Ending {
  return `${timedOut ? "timed out " : ""}${signal ?? `exit ${exitCode}`}`;
}
