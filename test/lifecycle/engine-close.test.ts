import { readdirSync, readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { openEngine, temporarySite } from "../support/temporary-site.js";

const sleeper = "import time\nprint('asleep', flush=True)\ntime.sleep(600)\n";

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

test("close waits for everything that fired", async () => {
  const site = temporarySite({ "callbacks.conf": "a.py = complete-work-self-*\n", "a.py": "print(qb.jobid())\n" });
  const { engine, ended } = await openEngine(site, { maxRunning: 2 });
  for (let frame = 0; frame < 6; frame++) engine.emit(`complete-work-1-${frame}`);
  await engine.close();
  expect(ended.map(({ state }) => state)).toEqual(Array(6).fill("succeeded"));
  expect(() => engine.emit("complete-job-1")).toThrow(expect.objectContaining({ code: "ERR_UCB_CLOSED" }));
});

test("close can terminate what runs and drop what waits", async () => {
  const site = temporarySite({ "callbacks.conf": "a.py = complete-work-self-*\n", "a.py": sleeper });
  const { engine, ended, told } = await openEngine(site, { maxRunning: 1 });
  engine.emit("complete-work-1-1");
  engine.emit("complete-work-1-2");
  await vi.waitUntil(() => told.some(({ state }) => state === "running"), { timeout: 30_000 });
  await engine.close({ running: "terminate" });
  expect(ended.map(({ state, signal, reason }) => [state, signal, reason])).toEqual([
    ["dropped", null, "the engine was closed"],
    ["failed", "SIGTERM", "killed by SIGTERM"],
  ]);
});

test("close can leave what runs, which goes on and is reaped in the end", async () => {
  const site = temporarySite({ "callbacks.conf": "a.py = complete-job-self\n", "a.py": sleeper });
  const { engine, told } = await openEngine(site);
  engine.emit("complete-job-1");
  await vi.waitUntil(() => told.some(({ state }) => state === "running"), { timeout: 30_000 });
  const pid = told.at(-1)?.pid ?? 0;
  await engine.close({ running: "leave" });
  expect(told.map(({ state }) => state)).toEqual(["queued", "running"]);
  expect(isAlive(pid)).toBe(true);
  process.kill(pid, "SIGKILL");
  await vi.waitUntil(() => !readdirSync("/proc").includes(String(pid)), { timeout: 30_000 });
});

test("functions that wait for ever do not hold close back when it terminates", async () => {
  const { engine, ended } = await openEngine(temporarySite({}), { directories: [] });
  engine.register({ name: "stuck", on: "complete-job-self", run: () => new Promise(() => undefined) });
  engine.emit("complete-job-1");
  await vi.waitUntil(() => engine.load.running === 1, { timeout: 30_000 });
  await engine.close({ running: "terminate" });
  expect(ended).toEqual([expect.objectContaining({ state: "failed", reason: "the engine was closed" })]);
});

test("opening and closing many engines leaves no descriptor, thread or folder behind", async () => {
  const site = temporarySite({ "callbacks.conf": "a.py = complete-job-self\n", "a.py": "print(1)\n" });
  const count = () => ({
    threads: readdirSync("/proc/self/task").length,
    descriptors: readdirSync("/proc/self/fd").length,
  });
  const cycle = async () => {
    const { engine } = await openEngine(site);
    engine.emit("complete-job-1");
    await engine.close();
  };
  await cycle();
  const before = count();
  for (let round = 0; round < 10; round++) await cycle();
  // libuv closes its own handles in the turn after ours.
  await vi.waitUntil(() => count().descriptors <= before.descriptors && count().threads <= before.threads, {
    timeout: 30_000,
  });
});
