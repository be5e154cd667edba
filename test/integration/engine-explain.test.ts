import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { CallbackEngine, type EngineEvent, type EngineOptions, type OwnerStanding } from "../../lib/index.js";
import { temporarySite } from "../support/temporary-site.js";

const patience = { timeout: 30_000, interval: 5 };
const nothing = { run: () => undefined };

async function open(options: EngineOptions = {}): Promise<CallbackEngine> {
  const engine = await CallbackEngine.open({ directories: [], trace: true, ...options });
  onTestFinished(() => engine.close({ running: "terminate" }));
  return engine;
}

/** What is said of the only trigger. */
async function explained(engine: CallbackEngine, event: string | EngineEvent) {
  const { triggers } = await engine.explain(event);
  expect(triggers).toHaveLength(1);
  const [trigger] = triggers;
  if (trigger === undefined) throw new Error("there is no trigger");
  return trigger;
}

function termsOf({ owners }: { owners: OwnerStanding[] }, jobId: number): string[] {
  const owner = owners.find((each) => each.jobId === jobId);
  return (owner?.terms ?? []).map(
    ({ text, satisfied, isMissing, event }) => `${text} ${satisfied} ${event}${isMissing ? " missing" : ""}`,
  );
}

test("an event is explained with what happened before, and nothing changes", async () => {
  const engine = await open();
  engine.register({ name: "both", on: "done-work-self-1 && done-work-self-2", ...nothing });
  engine.submit({ id: 7 });
  engine.emit("complete-work-7-2");
  const fires = await explained(engine, "done-work-7-1");
  expect(fires).toMatchObject({ callbackId: "both", enabled: true, fires: true, omitted: 0 });
  expect(fires.owners).toMatchObject([{ jobId: 7, isAttached: true, fires: true, obstacle: null }]);
  expect(termsOf(fires, 7)).toEqual(["done-work-self-1 now null", "done-work-self-2 before complete-work-7-2"]);
  const waits = await explained(engine, "done-work-7-3");
  expect(waits.fires).toBe(false);
  expect(termsOf(waits, 7)).toEqual(["done-work-self-1 no null missing", "done-work-self-2 before complete-work-7-2"]);
  const other = await engine.explain("done-work-8-1");
  expect(other.isAttached).toBe(false);
  expect(termsOf(other.triggers[0] ?? { owners: [] }, 8)).toEqual([
    "done-work-self-1 now null",
    "done-work-self-2 no null missing",
  ]);
  expect(engine.totals).toEqual({ events: 2, matches: 0 });
  expect(engine.pending()).toMatchObject([{ jobId: 7, missing: ["done-work-self-1"] }]);
  expect(engine.emit("done-work-7-1")).toBe(1);
});

test("other jobs are found, with the record that the event carries", async () => {
  const engine = await open();
  engine.register({ name: "sim", on: "done-job-'sim'", ...nothing });
  engine.submit({ id: 1, label: "render", pgrp: 1 });
  engine.submit({ id: 2, pgrp: 1 });
  expect((await explained(engine, "done-job-2")).owners).toMatchObject([
    { jobId: 2, fires: false, terms: [{ reason: 'label is "sim", job 2 has none' }] },
  ]);
  const carried = { name: "done", type: "job", jobId: 2, job: { id: 2, label: "sim" } } as const;
  expect(await explained(engine, carried)).toMatchObject({ fires: true, owners: [{ jobId: 1, fires: true }] });
  expect((await explained(engine, "done-job-3")).owners).toMatchObject([
    { jobId: 3, isAttached: false, terms: [{ reason: expect.stringMatching(/job 3 is not attached/) }] },
  ]);
  expect((await engine.explain("globaltime-5")).isAttached).toBeNull();
});

test("of a parent of many children twenty are told, those that fire first", async () => {
  const engine = await open();
  engine.register({ name: "p", on: "done-job-parent && failed-work-self-1", ...nothing });
  for (let id = 2; id <= 101; id++) engine.submit({ id, pid: 1 });
  engine.emit("failed-work-50-1");
  const { owners, omitted, fires } = await explained(engine, "done-job-1");
  expect({ fires, omitted, count: owners.length }).toEqual({ fires: true, omitted: 80, count: 20 });
  expect(owners[0]).toMatchObject({ jobId: 50, fires: true });
});

test("what keeps a run from beginning is said: a throttle, a full queue, a pause", async () => {
  const engine = await open();
  let release = () => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  engine.register({
    name: "t",
    on: "done-job-self",
    limits: { throttle: { runs: 1, periodMs: 60_000, per: "job" } },
    ...nothing,
  });
  engine.register({
    ...{ name: "q", on: "failed-job-self", limits: { maxRunning: 1, queue: 1, overflow: "coalesce" } },
    run: () => gate,
  });
  engine.register({
    ...{ name: "p", on: "killed-job-self", limits: { breaker: { failures: 1, pauseMs: 3_600_000 } } },
    run: () => {
      throw new Error("no database");
    },
  });
  const obstacle = async (event: string, name: string) => {
    const { triggers } = await engine.explain(event);
    const found = triggers.find(({ callback }) => callback === name);
    return { fires: found?.fires, ...found?.owners[0]?.obstacle };
  };
  expect(await obstacle("done-job-1", "t")).toEqual({ fires: true });
  const before = Date.now();
  engine.emit("done-job-1");
  const throttled = await obstacle("done-job-1", "t");
  expect(throttled).toMatchObject({
    fires: false,
    kind: "throttled",
    reason: "throttled: no more than 1 in 60 s for each job",
  });
  expect(throttled.until).toBeGreaterThanOrEqual(before + 60_000 - 1000);
  expect(await obstacle("done-job-2", "t")).toEqual({ fires: true });

  engine.emit("failed-job-1");
  await vi.waitUntil(() => engine.load.running === 1, patience);
  engine.emit("failed-job-2");
  expect(await obstacle("failed-job-2", "q")).toMatchObject({ fires: false, kind: "coalesced", until: null });
  expect(await obstacle("failed-job-3", "q")).toMatchObject({ fires: false, kind: "queue-full", until: null });
  release();

  engine.emit("killed-job-1");
  await vi.waitUntil(() => engine.pauses().size === 1, patience);
  // It waits for the end of the pause, and is run then.
  expect(await obstacle("killed-job-2", "p")).toMatchObject({
    ...{ fires: true, kind: "paused", reason: expect.stringMatching(/no database/), until: expect.any(Number) },
  });
});

test("a callback that is switched off would fire", async () => {
  const site = temporarySite({ "a.py": "", "callbacks.conf": "a.py = done-job-self\n" });
  writeFileSync(join(site.directory, "callbacks.conf"), "a.py = done-job-self\n[a.py]\nenabled = no\n");
  const engine = await open({ directories: [site.directory] });
  expect(await explained(engine, "done-job-1")).toMatchObject({
    fires: false,
    enabled: false,
    owners: [{ fires: true }],
  });
});

test("without tracing it is not known which events happened before, but that they did", async () => {
  const engine = await open({ trace: false });
  engine.register({ name: "both", on: "done-work-self-1 && done-work-self-2", ...nothing });
  engine.submit({ id: 7 });
  engine.emit("complete-work-7-2");
  expect(termsOf(await explained(engine, "done-work-7-1"), 7)).toEqual([
    "done-work-self-1 now null",
    "done-work-self-2 before null",
  ]);
});

test("what is no event is refused", async () => {
  const engine = await open();
  await expect(engine.explain("nonsense")).rejects.toMatchObject({ code: "ERR_UCB_EVENT" });
});
