import { existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { describe, expect, it, vi } from "vitest";
import type { UcbError } from "../../lib/errors.js";
import { type AdoptOptions, Launcher, type LaunchObserver, type ProcessOutcome } from "../../lib/execute/launcher.js";
import { bootId, findRun, findRuns, isSameProcess, startTicksOf } from "../../lib/execute/process-identity.js";
import { testDirectory } from "../support/callback-directory.js";
import { openLauncher, shell } from "../support/open-launcher.js";
import { type Orphan, orphanProcesses } from "../support/orphan-processes.js";

/** Whether the system keeps the status of processes for those who hold a descriptor. */
const keepsStatus = (() => {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  return major > 6 || (major === 6 && minor >= 15);
})();

const outcomeOf = (launcher: Launcher, options: AdoptOptions, observer: Partial<LaunchObserver> = {}) =>
  new Promise<ProcessOutcome>((exited, failed) => launcher.adopt(options, { exited, failed, ...observer }));

const failureOf = (launcher: Launcher, options: AdoptOptions) =>
  new Promise<UcbError>((failed, exited) => launcher.adopt(options, { exited, failed }));

const lives = (pid: number): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z");
  } catch {
    return false;
  }
};

async function orphan(script: string): Promise<Orphan> {
  const [only] = await orphanProcesses(script);
  if (only === undefined) throw new Error("there is no orphan");
  return only;
}

describe("a process of a supervisor that was killed", () => {
  it("is waited for, with its status where the system keeps it", async () => {
    const directory = testDirectory();
    const go = directory.at("go");
    const wait = `until test -e ${go}; do sleep 0.01; done`;
    const [exits, dies] = await orphanProcesses(`${wait}; exit 7`, `${wait}; kill -USR1 $$`);
    if (exits === undefined || dies === undefined) throw new Error("there are no orphans");
    const launcher = openLauncher();
    const started = vi.fn();
    const outcomes = [outcomeOf(launcher, exits, { started }), outcomeOf(launcher, dies)];
    expect(launcher.running).toBe(2);
    directory.write("go", "");
    const [exited, died] = await Promise.all(outcomes);
    expect(exited).toMatchObject({
      pid: exits.pid,
      exitCode: keepsStatus ? 7 : expect.toBeOneOf([7, null]),
      signal: null,
      statusKnown: keepsStatus,
      timedOut: false,
      usage: null,
    });
    expect(died).toMatchObject({ exitCode: null, signal: keepsStatus ? "SIGUSR1" : null, statusKnown: keepsStatus });
    // The two are taken from different clocks, one after the other.
    expect(Math.abs((exited?.durationMs ?? 0) - ((exited?.endedAt ?? 0) - exits.startedAt))).toBeLessThan(10_000);
    expect(started).not.toHaveBeenCalled();
    expect(launcher.running).toBe(0);
  });

  it("meets its deadlines, counted from its start, members of its group included", async () => {
    const directory = testDirectory();
    const member = directory.at("member");
    const { pid, startTicks } = await orphan(`trap '' TERM; sleep 1000 & echo $! > ${member}; wait; sleep 1000`);
    await vi.waitUntil(() => existsSync(member) && readFileSync(member, "utf8").endsWith("\n"));
    const slow = vi.fn();
    const outcome = await outcomeOf(
      openLauncher(),
      { pid, startTicks, startedAt: Date.now() - 60_000, timeoutMs: 50_000, slowAfterMs: 20_000, killAfterMs: 50 },
      { slow },
    );
    expect(slow.mock.calls).toEqual([[pid]]);
    expect(outcome).toMatchObject({ timedOut: true, signal: keepsStatus ? "SIGKILL" : null });
    expect(outcome.durationMs).toBeGreaterThanOrEqual(60_000);
    expect(outcome.durationMs).toBeLessThan(120_000);
    await vi.waitUntil(() => !lives(Number(readFileSync(member, "utf8"))));
  });

  it("does not meet a deadline that has not come", async () => {
    const { pid, startTicks } = await orphan("sleep 1000");
    const launcher = openLauncher();
    const startedAt = Date.now() + 3_600_000;
    const outcome = outcomeOf(launcher, { pid, startTicks, startedAt, timeoutMs: 400 });
    expect(await outcome).toMatchObject({ timedOut: true });
    expect((await outcome).durationMs).toBeGreaterThanOrEqual(400);
  });

  it("takes signals and termination", async () => {
    const [one, two] = await orphanProcesses("sleep 1000", "sleep 1000");
    if (one === undefined || two === undefined) throw new Error("there are no orphans");
    const launcher = openLauncher();
    const ended: (string | null)[] = [];
    const observer = { exited: ({ signal }: ProcessOutcome) => void ended.push(signal), failed: vi.fn() };
    expect(launcher.signal(launcher.adopt(one, observer), "SIGUSR2")).toBe(true);
    await launcher.idle();
    expect(launcher.terminate(launcher.adopt(two, observer))).toBe(true);
    await launcher.idle();
    expect(ended).toEqual(keepsStatus ? ["SIGUSR2", "SIGTERM"] : [null, null]);
    expect([one, two].map(({ pid }) => lives(pid))).toEqual([false, false]);
    expect(observer.failed).not.toHaveBeenCalled();
  });

  it("is left, terminated or waited for when the launcher is closed", async () => {
    const directory = testDirectory();
    const go = directory.at("go");
    const [left, terminated, awaited] = await orphanProcesses(
      "sleep 1000",
      "sleep 1000",
      `until test -e ${go}; do sleep 0.01; done`,
    );
    if (left === undefined || terminated === undefined || awaited === undefined) throw new Error("no orphans");
    const leaving = new Launcher();
    const failure = failureOf(leaving, left);
    await leaving.close({ running: "leave" });
    expect(await failure).toMatchObject({ code: "ERR_UCB_CLOSED", message: expect.stringMatching(/\d+ .*goes on/) });
    expect(lives(left.pid)).toBe(true);

    const terminating = new Launcher();
    const outcome = outcomeOf(terminating, terminated);
    await terminating.close({ running: "terminate" });
    expect((await outcome).timedOut).toBe(false);
    expect(lives(terminated.pid)).toBe(false);

    const waiting = new Launcher();
    const end = outcomeOf(waiting, awaited);
    const closing = waiting.close();
    directory.write("go", "");
    await closing;
    expect((await end).pid).toBe(awaited.pid);
  });

  it("keeps its deadline when it is left a second time", async () => {
    const { pid, startTicks } = await orphan("sleep 1000");
    const launcher = new Launcher();
    launcher.adopt({ pid, startTicks, startedAt: Date.now(), timeoutMs: 1000 }, { exited() {}, failed() {} });
    await launcher.close({ running: "leave" });
    await vi.waitUntil(() => !lives(pid), { timeout: 30_000 });
  });
});

describe("a process that is not there", () => {
  it("is reported as gone, whoever has its number", async () => {
    const launcher = openLauncher();
    const running = await launcher.launch(shell("sleep 1000")).started;
    const ended = launcher.launch(shell("exit 0"));
    const { startTicks } = await ended.started;
    const { pid } = await ended.exited;
    const own = startTicksOf(process.pid);
    for (const gone of [
      { pid, startTicks },
      { pid: running.pid, startTicks: running.startTicks - 1 },
      { pid: process.pid, startTicks: own + 1 },
      { pid: running.pid, startTicks: 0 },
    ]) {
      expect(await failureOf(launcher, { ...gone, startedAt: Date.now(), timeoutMs: 1 })).toMatchObject({
        code: "ERR_UCB_GONE",
        errno: "ESRCH",
        message: expect.stringContaining(String(gone.pid)),
      });
    }
    expect(lives(running.pid)).toBe(true);
  });

  it("is none that the launcher waits for already", async () => {
    const launcher = openLauncher();
    const own = await launcher.launch(shell("sleep 1000")).started;
    const foreign = await orphan("sleep 1000");
    launcher.adopt(foreign, { exited() {}, failed() {} });
    for (const known of [own, foreign]) {
      expect(await failureOf(launcher, known)).toMatchObject({ code: "ERR_UCB_ARGUMENT", errno: "EBUSY" });
    }
    expect(launcher.running).toBe(2);
  });

  it("is refused where it cannot be one, and by a launcher that is closed", async () => {
    const launcher = new Launcher();
    const good = { pid: process.pid, startTicks: 1, startedAt: 1 };
    const observer = { exited() {}, failed() {} };
    const wrong: [keyof AdoptOptions, unknown][] = [
      ["pid", 0],
      ["pid", -1],
      ["pid", 2 ** 31],
      ["pid", "1"],
      ["startTicks", -1],
      ["startTicks", 0.5],
      ["startedAt", Number.NaN],
      ["timeoutMs", -1],
      ["killAfterMs", Number.POSITIVE_INFINITY],
      ["slowAfterMs", "1"],
    ];
    for (const [name, value] of wrong) {
      expect(() => launcher.adopt({ ...good, [name]: value }, observer)).toThrow(
        expect.objectContaining({ code: "ERR_UCB_ARGUMENT", message: expect.stringContaining(name) }),
      );
    }
    expect(launcher.running).toBe(0);
    await launcher.close();
    expect(() => launcher.adopt(good, observer)).toThrow(expect.objectContaining({ code: "ERR_UCB_CLOSED" }));
  });
});

describe("the identity of a process", () => {
  it("is its pid and its start", async () => {
    const { pid, startTicks } = await orphan("sleep 1000");
    expect(startTicksOf(pid)).toBe(startTicks);
    expect(isSameProcess(pid, startTicks)).toBe(true);
    expect(isSameProcess(pid, startTicks + 1)).toBe(false);
    expect(isSameProcess(pid, 0)).toBe(false);
    process.kill(-pid, "SIGKILL");
    await vi.waitUntil(() => !isSameProcess(pid, startTicks) || !lives(pid));
    expect(startTicksOf(2 ** 30)).toBe(0);
    expect(isSameProcess(2 ** 30, 0)).toBe(false);
    expect(bootId()).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("is found by the run it was started for", async () => {
    const orphans = await orphanProcesses("sleep 1000", "sleep 1000 & wait", "exit 0");
    const [one, two, over] = orphans;
    if (one === undefined || two === undefined || over === undefined) throw new Error("there are no orphans");
    await vi.waitUntil(() => !lives(over.pid));
    const expected = (orphan: Orphan, attempt: number) => ({ pid: orphan.pid, startTicks: orphan.startTicks, attempt });
    const found = findRuns(new Set([...orphans.map(({ runId }) => runId), "no such run"]));
    expect([...found].sort()).toMatchObject([
      [one.runId, expected(one, 1)],
      [two.runId, expected(two, 2)],
    ]);
    expect(findRun(two.runId)).toMatchObject([expected(two, 2)]);
    expect(findRun("no such run")).toEqual([]);
    expect(findRuns(new Set())).toEqual(new Map());
  });

  it("is not that of what a run has left behind", async () => {
    const [only] = await orphanProcesses("setsid sh -c 'sleep 1000 & wait' & wait");
    if (only === undefined) throw new Error("there is no orphan");
    const both = await vi.waitUntil(() => {
      const processes = findRun(only.runId);
      return processes.length === 2 && processes;
    });
    expect(both[0]).toMatchObject({ pid: only.pid });
    expect(findRuns(new Set([only.runId])).get(only.runId)).toMatchObject({ pid: only.pid });
    process.kill(-(both[1]?.pid ?? 0), "SIGKILL");
  });
});
