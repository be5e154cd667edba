import { existsSync, writeFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import type { CallbackPause } from "../../lib/index.js";
import { gatedSite } from "../support/gated-site.js";
import { openEngine, temporarySite } from "../support/temporary-site.js";

test("a callback that only fails is paused, tried again after a growing pause, and resumed", async () => {
  const site = temporarySite({ "a.py": "import os, sys\nsys.exit(0 if os.path.exists(os.environ['CURE']) else 3)\n" });
  const cure = site.path("cure");
  const conf = `a.py = complete-work-self-*\n[a.py]\nbreaker = 3, 200ms\nmax_running = 1\nenv.CURE = ${cure}\n`;
  writeFileSync(`${site.directory}/callbacks.conf`, conf, { mode: 0o644 });
  const { engine, told, ended } = await openEngine(site);
  const pauses: CallbackPause[] = [];
  const resumed: CallbackPause[] = [];
  engine.on("paused", (pause) => {
    pauses.push(pause);
    if (pauses.length === 2) writeFileSync(cure, "");
  });
  engine.on("resumed", (pause) => resumed.push(pause));
  for (let frame = 1; frame <= 8; frame++) engine.emit(`complete-work-1-${frame}`);

  await vi.waitUntil(() => pauses.length === 1, { timeout: 30_000 });
  expect(ended.map(({ state, exitCode }) => `${state} ${exitCode}`)).toEqual(Array(3).fill("failed 3"));
  expect(engine.pauses()).toEqual(new Map([["0/a.py", pauses[0]]]));
  expect(engine.load).toEqual({ queued: 5, running: 0, delayed: 5 });
  await engine.idle();

  expect(existsSync(cure)).toBe(true);
  expect(pauses.map(({ callbackId, failures, reason }) => [callbackId, failures, reason])).toEqual([
    ["0/a.py", 3, "3 runs in a row failed, the last one: exit 3"],
    ["0/a.py", 4, "it failed again when it was tried: exit 3"],
  ]);
  expect(pauses.map(({ since }) => since)).toEqual(Array(2).fill(pauses[0]?.since));
  expect(resumed).toEqual([pauses[1]]);
  expect(engine.pauses().size).toBe(0);
  expect(ended.map(({ state }) => state)).toEqual([...Array(4).fill("failed"), ...Array(4).fill("succeeded")]);
  // Nothing but the run that probes begins before a pause is over.
  const begun = told.filter(({ state }) => state === "running").map(({ startedAt }) => startedAt ?? 0);
  expect(begun[3]).toBeGreaterThanOrEqual((pauses[0]?.until ?? 0) - 2);
  expect(begun[4]).toBeGreaterThanOrEqual((pauses[1]?.until ?? 0) - 2);
  expect((pauses[1]?.until ?? 0) - (pauses[0]?.until ?? 0)).toBeGreaterThan(400);
  expect(begun.length).toBe(8);
});

test("others go on while a callback is paused, and its own runs wait within their queue", async () => {
  const { site, waitFor, open } = gatedSite("breaker = 1, 1h\nqueue = 3");
  const { engine, ended } = await openEngine(site);
  let others = 0;
  engine.register({
    on: "complete-work-self-*",
    run: () => {
      others++;
    },
  });
  engine.emit("complete-work-1-0");
  await waitFor(1);
  open(1);
  await vi.waitUntil(() => engine.pauses().size === 1, { timeout: 30_000 });
  for (let frame = 1; frame <= 5; frame++) engine.emit(`complete-work-1-${frame}`);
  await vi.waitUntil(() => others === 6, { timeout: 30_000 });
  expect(engine.load).toEqual({ queued: 3, running: 0, delayed: 3 });
  const own = () =>
    ended.filter(({ callback }) => callback === "gated.py").map(({ state, code }) => `${state} ${code}`);
  expect(own()).toEqual(["failed null", "dropped ERR_UCB_QUEUE_FULL", "dropped ERR_UCB_QUEUE_FULL"]);
  await engine.close({ running: "leave" });
  expect(own().slice(3)).toEqual(Array(3).fill("dropped ERR_UCB_CLOSED"));
});

test("a function is paused like a script, and never where breaker is null", async () => {
  const { engine, ended } = await openEngine(temporarySite({}), { directories: [] });
  const run = () => {
    throw new Error("broken");
  };
  engine.register({ name: "weak", on: "complete-work-self-*", run });
  engine.register({ name: "tough", on: "complete-work-self-*", run, limits: { breaker: null } });
  for (let frame = 1; frame <= 30; frame++) {
    engine.emit(`complete-work-1-${frame}`);
    await vi.waitUntil(() => engine.load.running === 0 && engine.load.queued === engine.load.delayed);
  }
  const failedOf = (name: string) => ended.filter(({ callback }) => callback === name).length;
  expect([failedOf("weak"), failedOf("tough")]).toEqual([20, 30]);
  expect([...engine.pauses().values()]).toEqual([
    expect.objectContaining({ callbackId: "weak", failures: 20, reason: expect.stringContaining("broken") }),
  ]);
});
