import { expect, test } from "vitest";
import { CallbackEngine, trigger, UcbError } from "../../lib/index.js";
import { openEngine, temporarySite } from "../support/temporary-site.js";

async function functionsOnly(options = {}) {
  return await openEngine(temporarySite({}), { directories: [], ...options });
}

test("a registered function runs for its events, with their records", async () => {
  const { engine, ended } = await functionsOnly();
  const seen: unknown[] = [];
  engine.register({
    name: "watch",
    on: trigger("failed-work-self-*"),
    run: ({ event, job, work }) => seen.push([event.text, event.extra, job.name, work?.status]),
  });
  engine.submit({ id: 9, name: "lamp" });
  const fired = engine.emit({
    name: "failed",
    type: "work",
    jobId: 9,
    extra: 3,
    work: { name: "3", status: "failed" },
  });
  await engine.idle();
  expect(fired).toBe(1);
  expect(seen).toEqual([["failed-work-9-3", "3", "lamp", "failed"]]);
  expect(ended).toEqual([expect.objectContaining({ callback: "watch", state: "succeeded", log: null })]);
});

test("a function that throws fails its run and stops nobody", async () => {
  const { engine, ended } = await functionsOnly();
  engine.register({
    name: "bad",
    on: "complete-job-self",
    run: () => {
      throw new Error("out of luck");
    },
  });
  engine.register({ name: "good", on: "complete-job-self", run: () => undefined });
  expect(engine.emit("complete-job-1")).toBe(2);
  await engine.idle();
  expect(ended.map(({ callback, state }) => [callback, state]).sort()).toEqual([
    ["bad", "failed"],
    ["good", "succeeded"],
  ]);
  expect(ended.find(({ callback }) => callback === "bad")).toMatchObject({ code: "ERR_UCB_FUNCTION" });
  expect(ended.find(({ callback }) => callback === "bad")?.reason).toContain("out of luck");
});

test("a function that never ends is aborted at its deadline", async () => {
  const { engine, ended } = await functionsOnly();
  let reason: unknown;
  engine.register({
    on: "complete-job-self",
    timeoutMs: 20,
    run: ({ signal }) =>
      new Promise(() => {
        signal.addEventListener("abort", () => {
          reason = signal.reason;
        });
      }),
  });
  engine.emit("complete-job-1");
  await engine.idle();
  expect(ended).toEqual([expect.objectContaining({ state: "timed-out" })]);
  expect(reason).toBeInstanceOf(UcbError);
});

test("labels and parents resolve among attached jobs, and each of them owns a run", async () => {
  const { engine, ended } = await functionsOnly();
  engine.register({ name: "released", on: "complete-job-ribgen || complete-job-parent", run: () => undefined });
  engine.submit({ id: 1, label: "ribgen", pgrp: 1 });
  engine.submit({ id: 2, label: "render", pgrp: 1 });
  engine.submit({ id: 3, pid: 1, pgrp: 3 });
  engine.submit({ id: 4, pgrp: 4 });
  expect(engine.emit("complete-job-1")).toBe(2);
  await engine.idle();
  expect(ended.map(({ jobId }) => jobId).sort()).toEqual([2, 3]);
  engine.emit("removed-job-2");
  expect(engine.emit("complete-job-1")).toBe(1);
});

test("&& remembers for each job until it fires, and forgets removed jobs", async () => {
  const { engine } = await functionsOnly();
  engine.register({ on: "complete-work-self-1 && complete-work-self-2", run: () => undefined });
  expect(engine.emit("complete-work-1-1")).toBe(0);
  expect(engine.emit("complete-work-2-2")).toBe(0);
  expect(engine.emit("complete-work-1-2")).toBe(1);
  expect(engine.emit("complete-work-1-2")).toBe(0);
  engine.emit("removed-job-2");
  expect(engine.emit("complete-work-2-1")).toBe(0);
});

test("registering later keeps what is remembered; unregistering ends the firing", async () => {
  const { engine } = await functionsOnly();
  engine.register({ name: "both", on: "complete-work-self-1 && complete-work-self-2", run: () => undefined });
  expect(engine.emit("complete-work-1-1")).toBe(0);
  const other = engine.register({ name: "other", on: "complete-work-self-2", run: () => undefined });
  expect(engine.emit("complete-work-1-2")).toBe(2);
  other.unregister();
  expect(engine.emit("complete-work-1-2")).toBe(0);
});

test("a name can be registered once at a time", async () => {
  const { engine } = await functionsOnly();
  const first = engine.register({ name: "one", on: "complete-job-self", run: () => undefined });
  expect(() => engine.register({ name: "one", on: "complete-job-self", run: () => undefined })).toThrow(
    expect.objectContaining({ code: "ERR_UCB_ARGUMENT" }),
  );
  first.unregister();
  engine.register({ name: "one", on: "complete-job-self", run: () => undefined });
  expect(engine.emit("complete-job-1")).toBe(1);
});

test("malformed events are the caller's fault and say what is wrong", async () => {
  const { engine } = await functionsOnly();
  expect(() => engine.emit("complete")).toThrow(expect.objectContaining({ code: "ERR_UCB_EVENT" }));
  expect(() => engine.emit("complete-job-0")).toThrow(/"0" is no job id/);
  expect(() => engine.emit("complete-frame-1")).toThrow(/"frame" is no event type/);
  expect(() => engine.emit({ name: "a-work", type: "job", jobId: 1 })).toThrow(/dash/);
  expect(() => engine.emit({ name: "complete", type: "job", jobId: 1, job: { id: 2 } })).toThrow(/job 2/);
});

test("a batch takes every good line and reports the bad ones", async () => {
  const { engine } = await functionsOnly();
  engine.register({ on: "complete-work-self-*", run: () => undefined });
  const result = engine.emitBatch(Buffer.from("complete-work-1-1\n\nnonsense\r\ncomplete-work-1-2\r\n"));
  expect(result).toMatchObject({ events: 2, runs: 2 });
  expect(result.errors.map(({ code }) => code)).toEqual(["ERR_UCB_EVENT"]);
});

test("a listener that throws is raised, and the other listeners are told", async () => {
  const { engine, ended } = await functionsOnly();
  const raised: unknown[] = [];
  const previous = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => raised.push(error));
  try {
    engine.on("run", () => {
      throw new Error("listener");
    });
    engine.register({ on: "complete-job-self", run: () => undefined });
    engine.emit("complete-job-1");
    await engine.idle();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const listener of previous) process.on("uncaughtException", listener);
  }
  expect(ended).toHaveLength(1);
  expect(raised.length).toBeGreaterThan(0);
});

test("no more runs execute at once than allowed, and they start in order", async () => {
  const { engine } = await functionsOnly({ maxRunning: 2 });
  let running = 0;
  let most = 0;
  const order: string[] = [];
  engine.register({
    on: "complete-work-self-*",
    run: async ({ event }) => {
      order.push(event.extra);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    },
  });
  for (let frame = 0; frame < 20; frame++) engine.emit(`complete-work-1-${frame}`);
  expect(engine.load).toEqual({ queued: 20, running: 0, delayed: 0 });
  await engine.idle();
  expect(most).toBe(2);
  expect(order).toEqual(Array.from({ length: 20 }, (_, frame) => String(frame)));
});

test("options out of range are refused", async () => {
  await expect(CallbackEngine.open({ directories: [], maxRunning: 0 })).rejects.toMatchObject({
    code: "ERR_UCB_ARGUMENT",
  });
  await expect(CallbackEngine.open({ directories: [], logPath: "log" })).rejects.toMatchObject({
    code: "ERR_UCB_ARGUMENT",
  });
});
