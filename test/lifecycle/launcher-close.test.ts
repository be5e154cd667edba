import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { Launcher, type RunningProcesses } from "../../lib/execute/launcher.js";
import { testDirectory } from "../support/callback-directory.js";
import { shell } from "../support/open-launcher.js";
import { rejection } from "../support/rejection.js";
import { runScenario } from "../support/run-scenario.js";

const lives = (pid: number): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z");
  } catch {
    return false;
  }
};

describe("closing a launcher", () => {
  it("waits for what runs and for what was not begun, by default", async () => {
    const directory = testDirectory();
    const launcher = new Launcher({ threads: 1 });
    const go = directory.at("go");
    const launches = Array.from({ length: 10 }, () =>
      launcher.launch(shell(`until test -e ${go}; do sleep 0.01; done`)),
    );
    let closed = false;
    const closing = launcher.close().then(() => {
      closed = true;
    });
    await launches.at(-1)?.started;
    expect(closed).toBe(false);
    directory.write("go", "");
    await closing;
    const outcomes = await Promise.all(launches.map(({ exited }) => exited));
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual(Array(10).fill(0));
  });

  it("terminates and waits", async () => {
    const launcher = new Launcher();
    const gentle = launcher.launch(shell("sleep 1000"));
    const stubborn = launcher.launch(shell("trap '' TERM; while :; do sleep 0.01; done", { killAfterMs: 100 }));
    await Promise.all([gentle.started, stubborn.started]);
    await launcher.close({ running: "terminate" });
    expect((await gentle.exited).signal).toBe("SIGTERM");
    expect((await stubborn.exited).signal).toMatch(/^SIG(KILL|TERM)$/);
    expect(launcher.running).toBe(0);
  });

  it("leaves what runs, tells it, and forgets what was not begun", async () => {
    const directory = testDirectory();
    const launcher = new Launcher({ threads: 1 });
    const go = directory.at("go");
    const running = launcher.launch(shell(`until test -e ${go}; do sleep 0.01; done; echo > ${directory.at("done")}`));
    const { pid } = await running.started;
    const queued = Array.from({ length: 200 }, () => launcher.launch({ file: "/bin/true", cwd: "/" }));
    await launcher.close({ running: "leave" });
    const error = await rejection(running.exited);
    expect(error).toMatchObject({ code: "ERR_UCB_CLOSED", message: expect.stringContaining("it goes on") });
    expect(launcher.running).toBe(0);
    expect(lives(pid)).toBe(true);
    const fates = await Promise.allSettled(queued.map(({ started }) => started));
    expect(fates.at(-1)).toMatchObject({ status: "rejected", reason: { code: "ERR_UCB_CLOSED" } });
    directory.write("go", "");
    await vi.waitUntil(() => existsSync(directory.at("done")) && !lives(pid), { timeout: 30_000 });
  });

  it("is done once, and can go over from waiting to something else", async () => {
    for (const running of ["terminate", "leave"] as RunningProcesses[]) {
      const launcher = new Launcher();
      const launched = launcher.launch(shell("sleep 1000", { timeoutMs: 20_000 }));
      const { pid } = await launched.started;
      const closing = launcher.close();
      expect(launcher.close()).toBe(closing);
      expect(launcher.close({ running })).toBe(closing);
      await closing;
      if (running === "terminate") expect((await launched.exited).signal).toBe("SIGTERM");
      else process.kill(-pid, "SIGKILL");
      expect(launcher.close({ running: "leave" })).toBe(closing);
      await launcher[Symbol.asyncDispose]();
    }
  });

  it("waits for log blocks in every mode, and for those that ends bring about", async () => {
    for (const running of ["wait", "terminate", "leave"] as RunningProcesses[]) {
      const directory = testDirectory();
      const launcher = new Launcher();
      const log = directory.at("log");
      const bodyFile = directory.write("body", "x".repeat(1_000_000));
      const appended = launcher.appendLog({ log, header: "first\n", bodyFile });
      const filed = launcher
        .launch(shell("exit 0"))
        .exited.then(async ({ exitCode }) => exitCode)
        .then((exitCode) => launcher.appendLog({ log, header: `exit ${exitCode}\n` }))
        .catch((error: unknown) => error);
      await launcher.close({ running });
      await appended;
      expect(readFileSync(log, "utf8").startsWith(`first\n${"x".repeat(1_000_000)}\n`)).toBe(true);
      if (running === "wait") {
        expect(await filed).toBeUndefined();
        expect(readFileSync(log, "utf8").endsWith("\nexit 0\n")).toBe(true);
      }
    }
  });

  it("refuses everything afterwards, and finds nothing", async () => {
    const launcher = new Launcher();
    const launched = launcher.launch(shell("exit 0"));
    const closing = launcher.close();
    const closed = expect.objectContaining({ name: "UcbError", code: "ERR_UCB_CLOSED" });
    expect(() => launcher.launch(shell("exit 0"))).toThrow(closed);
    await closing;
    expect(() => launcher.launch(shell("exit 0"))).toThrow(closed);
    expect(await rejection(launcher.appendLog({ log: "/nowhere/log" }))).toEqual(closed);
    expect(launched.signal("SIGTERM")).toBe(false);
    expect(launched.terminate()).toBe(false);
    launcher.terminateAll();
    await launcher.idle();
  });

  it("refuses a mode that does not exist", async () => {
    const launcher = new Launcher();
    expect(() => launcher.close({ running: "kill" as RunningProcesses })).toThrow(
      expect.objectContaining({ code: "ERR_UCB_ARGUMENT" }),
    );
    await launcher.close();
  });

  it("leaves no descriptor, thread or zombie, in every mode and at every moment", async () => {
    const { code, stdout, stderr } = await runScenario("close-at-every-moment");
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({ rounds: 12, left: { descriptors: 0, threads: 0, children: 0 } });
    expect(code).toBe(0);
  });
});
