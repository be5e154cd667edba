import { readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { testDirectory } from "../support/callback-directory.js";
import { runScenario } from "../support/run-scenario.js";

/** The children a scenario has named, which end with the test. */
function children(stdout: string): number[] {
  const pids = JSON.parse(stdout.split("\n")[0] ?? "[]") as number[];
  onTestFinished(() => {
    for (const pid of pids) if (isSleeper(pid)) process.kill(pid, "SIGKILL");
  });
  return pids;
}

describe("a process that ends while its launcher is at work", () => {
  it.each([
    ["exit", { code: 7, signal: null }],
    ["exit when told", { code: 7, signal: null }],
    ["throw", { code: 1, signal: null }],
    ["leave", { code: 7, signal: null }],
    ["leave and exit", { code: 7, signal: null }],
    ["signal", { code: null, signal: "SIGTERM" }],
  ])("%s: ends as it should and leaves its children running", async (way, ending) => {
    // What could go wrong here is a matter of moments.
    for (let round = 0; round < 5; round += 1) {
      const { stdout, stderr, ...ended } = await runScenario("exit-with-children", way);
      expect({ ...ended, stderr: way === "throw" ? "" : stderr }).toEqual({ ...ending, stderr: "" });
      if (way === "throw") expect(stderr).toContain("Error: on purpose");
      const pids = children(stdout);
      expect(pids).toHaveLength(3);
      // One may still be on its way through exec, and have no command line for an instant.
      await vi.waitUntil(() => pids.every(isSleeper), { timeout: 30_000 });
      for (const pid of pids) process.kill(pid, "SIGKILL");
      await vi.waitUntil(() => !pids.some(isSleeper), { timeout: 30_000 });
    }
  });
});

describe("a process that never closes its launcher", () => {
  it.each([
    ["nothing", ""],
    ["launch", "exit 0\n"],
    ["log", "logged\n"],
    ["again", "done\n"],
    ["failure nobody listens to", ""],
    ["closed before it was told", "closed\n"],
  ])("%s: ends by itself once nothing is unfinished", async (what, stdout) => {
    const ended = await runScenario("stays-alive", what, testDirectory().at("log"));
    expect(ended).toEqual({ code: 0, signal: null, stdout, stderr: "" });
  });
});

describe("an observer that throws", () => {
  it("makes an uncaught exception each time and keeps nothing from the others", async () => {
    const { code, stdout, stderr } = await runScenario("throwing-observer", "caught");
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual([
      "caught exited 0",
      "caught exited 1",
      "caught failed 2",
      "caught started 0",
      "caught started 1",
      "exited 0",
      "exited 1",
    ]);
    expect(code).toBe(0);
  });

  it("ends a process that does not catch it", async () => {
    const { code, stdout, stderr } = await runScenario("throwing-observer", "uncaught");
    expect(stdout).toBe("");
    expect(stderr).toMatch(/Error: (started|failed) \d/);
    expect(code).toBe(1);
  });
});

it("the addon's own callback may throw, close its launcher and take the memory of its messages", async () => {
  const { code, stdout, stderr } = await runScenario("native-callback");
  expect(stderr).toBe("");
  const { thrown, ...rest } = JSON.parse(stdout);
  expect(thrown).toContain("on purpose true");
  expect(rest).toEqual({ taken: expect.stringContaining("taken away"), disorder: 0, some: true });
  expect(code).toBe(0);
});

function isSleeper(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8") === "/bin/sleep\x001000\0";
  } catch {
    return false;
  }
}
