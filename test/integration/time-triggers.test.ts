import { spawn } from "node:child_process";
import { expect, onTestFinished, test, vi } from "vitest";
import type { EngineOptions, Run } from "../../lib/index.js";
import { CallbackEngine } from "../../lib/index.js";
import { qubeEpoch } from "../../lib/trigger/time-literal.js";
import { openEngine, temporarySite } from "../support/temporary-site.js";

const bare = { directories: [] as string[] };

/** Whole seconds of Qube time. */
const now = () => Math.floor(Date.now() / 1000) - qubeEpoch;

async function openBare(options: EngineOptions = {}) {
  const site = temporarySite({});
  return { site, ...(await openEngine(site, { ...bare, ...options })) };
}

async function until(ended: readonly Run[], count: number): Promise<void> {
  await vi.waitFor(() => expect(ended.length).toBeGreaterThanOrEqual(count), { timeout: 20_000, interval: 20 });
}

test("a time fires once for each job that is attached when it comes, with an event of its own", async () => {
  const at = now() + 2;
  const { engine, ended } = await openBare();
  engine.register({ name: "self", on: `dummy-time-self-${at}`, run: () => undefined });
  engine.register({ name: "child", on: `dummy-time-parent-${at}`, run: () => undefined });
  engine.register({ name: "sibling", on: `dummy-time-render-${at}`, run: () => undefined });
  engine.register({ name: "both", on: `dummy-time-self-${at} && complete-job-self`, run: () => undefined });
  engine.register({ name: "past", on: `dummy-time-self-${at - 1000}`, run: () => undefined });
  engine.submit({ id: 1, label: "render", pgrp: 1 });
  engine.submit({ id: 2, pid: 1, pgrp: 1 });
  engine.submit({ id: 3 });
  engine.emit("removed-job-3");
  engine.emit("complete-job-2");
  await until(ended, 5);
  expect(now()).toBeGreaterThanOrEqual(at);
  expect(ended.map(({ callback, jobId, event }) => `${callback} ${jobId} ${event}`).sort()).toEqual([
    `both 2 dummy-time-2-${at}`,
    `child 2 dummy-time-1-${at}`,
    `self 1 dummy-time-1-${at}`,
    `self 2 dummy-time-2-${at}`,
    `sibling 2 dummy-time-1-${at}`,
  ]);
  // Too late.
  engine.submit({ id: 4 });
  const next = now() + 2;
  engine.register({ name: "after", on: `globaltime-${next}`, run: () => undefined });
  await until(ended, 6);
  expect(ended.slice(5).map(({ callback, jobId, event }) => [callback, jobId, event])).toEqual([
    ["after", 0, `globaltime-${next}`],
  ]);
});

test("a site's callback repeats, for jobs that came in the meantime, too, until its trigger is gone", async () => {
  const start = now();
  const site = temporarySite({
    "callbacks.conf": `tick.py = dummy-repeat-self-0-1\nglobal.py = globalrepeat-0-1\n`,
    "tick.py": "print('tick')\n",
    "global.py": "print('global')\n",
  });
  const { engine, told } = await openEngine(site);
  engine.submit({ id: 7 });
  const queued = (callback: string) => told.filter((run) => run.state === "queued" && run.callback === callback);
  await vi.waitFor(() => expect(queued("tick.py").length).toBeGreaterThanOrEqual(2), { timeout: 20_000 });
  engine.submit({ id: 8 });
  await vi.waitFor(() => expect(queued("tick.py").some(({ jobId }) => jobId === 8)).toBe(true), { timeout: 20_000 });
  engine.emit("removed-job-7");
  expect(queued("global.py").length).toBeGreaterThanOrEqual(2);
  expect(queued("tick.py").filter(({ jobId }) => jobId === 7).length).toBeLessThanOrEqual(now() - start);
  expect(new Set(told.map(({ event }) => event))).toEqual(
    new Set(["dummy-repeat-7-0-1", "dummy-repeat-8-0-1", "globalrepeat-0-1"]),
  );
});

test("a time as ISO 8601 is the same as its Qube time", async () => {
  const at = now() + 2;
  const { engine, ended } = await openBare();
  const iso = new Date((at + qubeEpoch) * 1000).toISOString().replace(/\.\d+/, "");
  engine.register({ on: `dummy-time-self-"${iso}"`, run: () => undefined });
  engine.submit({ id: 1 });
  await until(ended, 1);
  expect(ended[0]?.event).toBe(`dummy-time-1-${at}`);
});

test("what came while no engine was there is fired late once, and what was fired is not fired again", async () => {
  const at = now() + 2;
  const { site, engine } = await openBare();
  const state = site.path("state");
  await engine.close();
  const open = async () => {
    const opened = await CallbackEngine.open({ ...bare, logPath: site.logPath, state });
    const fired: string[] = [];
    opened.on("run", ({ state: at, callback, event }) => void (at === "queued" && fired.push(`${callback} ${event}`)));
    opened.register({ name: "once", on: `dummy-time-self-${at}`, run: () => undefined });
    opened.register({ name: "often", on: `dummy-repeat-self-${at}-1`, run: () => undefined });
    return { opened, fired };
  };
  const first = await open();
  first.opened.submit({ id: 1 });
  await first.opened.flush();
  await vi.waitFor(() => expect(first.fired).toEqual([]));
  await first.opened.close();
  await vi.waitFor(() => expect(now()).toBeGreaterThanOrEqual(at + 3), { timeout: 20_000 });
  const second = await open();
  // Not attached when the time came.
  second.opened.submit({ id: 2 });
  await vi.waitFor(() => expect(second.fired.length).toBeGreaterThanOrEqual(2), { timeout: 20_000 });
  expect(second.fired.slice(0, 2).sort()).toEqual([`often dummy-repeat-1-${at}-1`, `once dummy-time-1-${at}`]);
  await vi.waitFor(() => expect(second.fired).toContain(`often dummy-repeat-2-${at}-1`), { timeout: 20_000 });
  await second.opened.close();
  const third = await open();
  await vi.waitFor(() => expect(third.fired.length).toBeGreaterThanOrEqual(2), { timeout: 20_000 });
  await third.opened.close();
  expect([...second.fired, ...third.fired].filter((each) => each.startsWith("once"))).toEqual([
    `once dummy-time-1-${at}`,
  ]);
});

test("a process that dies in the middle of many jobs leaves each of the others its event", async () => {
  const { site, engine: none } = await openBare();
  await none.close();
  const state = site.path("state");
  const count = 10_000;
  const at = now() + 4;
  const script = `
    import { CallbackEngine } from ${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)};
    const engine = await CallbackEngine.open(${JSON.stringify({ ...bare, logPath: site.logPath, state })});
    engine.register({ name: "all", on: "dummy-time-self-${at}", run: () => {}, limits: { queue: ${count} } });
    for (let id = 1; id <= ${count}; id++) engine.submit({ id });
    await engine.flush();
    let fired = 0;
    engine.on("run", ({ state }) => { if (state === "queued" && ++fired === 2000) engine.flush().then(() => process.kill(process.pid, "SIGKILL")); });
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
  expect(await new Promise((resolve) => child.on("exit", (_, signal) => resolve(signal)))).toBe("SIGKILL");
  const opened = await CallbackEngine.open({ ...bare, logPath: site.logPath, state });
  onTestFinished(() => opened.close());
  let fresh = 0;
  opened.on("run", ({ state: step, queuedAt }) => {
    if (step === "queued" && queuedAt >= reopened) fresh++;
  });
  const reopened = Date.now();
  opened.register({ name: "all", on: `dummy-time-self-${at}`, run: () => undefined, limits: { queue: count } });
  // Runs that the first had finished are among those that have ended.
  await vi.waitFor(
    async () => {
      const finished = await opened.finishedRuns(2 * count);
      expect(new Set(finished.map(({ jobId }) => jobId)).size).toBe(count);
      expect(finished).toHaveLength(count);
    },
    { timeout: 50_000, interval: 500 },
  );
  expect(fresh).toBeGreaterThan(0);
  expect(fresh).toBeLessThanOrEqual(count - 2000);
});
