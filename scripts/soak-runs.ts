import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CallbackEngine, type Run } from "../lib/index.js";
import type { Random } from "../test/support/random.js";

/** What a callback is asked to do by its event, with how its run must end. */
const kinds: Record<string, (run: Run) => boolean> = {
  succeed: ({ state, reason }) => state === "succeeded" && reason === null,
  ask: ({ state }) => state === "succeeded",
  fail: ({ state, exitCode }) => state === "failed" && exitCode === 3,
  die: ({ state, signal }) => state === "failed" && signal === "SIGKILL",
  late: ({ state }) => state === "timed-out",
  stop: ({ state }) => state === "timed-out",
  later: ({ state, attempt }) => state === "succeeded" && attempt === 2,
  burst: ({ state }) => state === "succeeded",
  daemon: ({ state }) => state === "succeeded",
};

const script = `
my $kind = $ENV{UCB_EVENT_EXTRA};
if ($kind eq "ask") { my @jobs = qb::jobinfo("-id", 77); exit 0 }
if ($kind eq "fail") { exit 3 }
if ($kind eq "die") { kill KILL => $$; sleep 1 while 1 }
if ($kind eq "late") { sleep 1 while 1 }
if ($kind eq "stop") { kill STOP => $$ while 1 }
if ($kind eq "later") { exit($ENV{UCB_ATTEMPT} == 1 ? 75 : 0) }
if ($kind eq "burst") { print "x" x 1023, "\\n" for 1 .. 200; exit 0 }
if ($kind eq "daemon") { if (fork == 0) { select(undef, undef, undef, 0.05) } exit 0 }
print "here\\n";
`;

/** Callbacks for the ones that take long, so that they hold up none of the others. */
const conf = `quick.pl = complete-work-self-*
slow.pl = failed-work-self-*
note.qcb = complete-work-self-*
gone.pl = blocked-work-self-*
[*]
breaker = 1000000
[quick.pl]
retry = 1, 1ms
[slow.pl]
timeout = 100ms
`;

/** Runs callbacks that go wrong in every way through an engine, an event at a time, and compares each run's end. */
export class SoakRuns {
  /** What ended in a way it should not have. */
  readonly surprises: string[] = [];
  runs = 0;
  readonly engine: CallbackEngine;
  readonly #random: Random;
  readonly #waiting = new Map<string, () => void>();
  #fired: string[] = [];

  private constructor(engine: CallbackEngine, random: Random) {
    this.engine = engine;
    this.#random = random;
    engine.on("run", (run) => this.#told(run));
    engine.register({
      name: "throws",
      on: "complete-work-self-*",
      run: () => Promise.reject(new Error("on purpose")),
      // It never succeeds: usually it would be paused.
      limits: { breaker: { failures: 1_000_000, pauseMs: 1000 } },
    });
  }

  static async open(folder: string, random: Random): Promise<SoakRuns> {
    const directory = join(folder, "callback");
    mkdirSync(directory, { mode: 0o700 });
    const files = {
      "callbacks.conf": conf,
      "quick.pl": script,
      "slow.pl": script,
      "gone.pl": "",
      "note.qcb": "unblock-self\n",
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text, { mode: 0o600 });
    const logPath = join(folder, "log");
    const engine = await CallbackEngine.open({ directories: [directory], logPath, killAfterMs: 20, strict: true });
    rmSync(join(directory, "gone.pl"));
    return new SoakRuns(engine, random);
  }

  /** Emits one event and calls `done` when all its runs have ended. */
  emit(done: () => void): void {
    this.#fired = [];
    const kind = this.#random.pick(Object.keys(kinds));
    const long = kind === "late" || kind === "stop";
    const name = this.#random.below(20) === 0 ? "blocked" : long ? "failed" : "complete";
    this.engine.emit(`${name}-work-${1 + this.#random.below(50)}-${kind}`);
    let left = this.#fired.length;
    for (const id of this.#fired) {
      this.#waiting.set(id, () => {
        left--;
        if (left === 0) done();
      });
    }
  }

  #told(run: Run): void {
    if (run.state === "queued" && run.attempt === 1) this.#fired.push(run.id);
    if (run.endedAt === null) return;
    this.runs++;
    if (!isExpected(run)) {
      const { callback, event, state, exitCode, signal, reason } = run;
      this.surprises.push(`${callback} on ${event}: ${state} ${signal ?? exitCode} (${reason})`);
    }
    this.#waiting.get(run.id)?.();
    this.#waiting.delete(run.id);
  }
}

function isExpected(run: Run): boolean {
  switch (run.callback) {
    case "gone.pl":
    case "throws":
      return run.state === "failed" && run.reason !== null;
    case "note.qcb":
      return run.state === "succeeded";
    default:
      return kinds[run.eventFields.extra]?.(run) ?? false;
  }
}
