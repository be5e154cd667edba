import { expect, test } from "vitest";
import { CallbackEngine, type Run } from "../../lib/index.js";

async function openTracing(trace = true) {
  const engine = await CallbackEngine.open({ directories: [], trace });
  const fired: Run[] = [];
  engine.on("run", (run) => run.state === "queued" && fired.push(run));
  return { engine, fired };
}

const nothing = { run: () => undefined };

test("runs know what happened before that they needed, and pending triggers what they still wait for", async () => {
  const { engine, fired } = await openTracing();
  const before = Date.now();
  engine.register({ name: "both", on: "done-work-self-1 && done-work-self-2 && failed-job-self", ...nothing });
  engine.register({ name: "any", on: "failed-job-self || done-job-self", ...nothing });
  engine.submit({ id: 7 });
  engine.emit("complete-work-7-2");
  expect(engine.pending()).toEqual([
    {
      callbackId: "both",
      jobId: 7,
      trigger: "done-work-self-1 && done-work-self-2 && failed-job-self",
      satisfied: [{ term: "done-work-self-2", event: "complete-work-7-2", at: expect.any(Number) }],
      missing: ["done-work-self-1", "failed-job-self"],
      since: expect.any(Number),
    },
  ]);
  expect(engine.pending()[0]?.since).toBeGreaterThanOrEqual(before);
  engine.emit("done-work-7-1");
  expect(engine.pending(8)).toEqual([]);
  expect(engine.pending(7)[0]?.missing).toEqual(["failed-job-self"]);
  engine.emit("failed-job-7");
  expect(engine.pending()).toEqual([]);
  expect(fired.map(({ callback, causes }) => [callback, causes])).toEqual([
    [
      "both",
      [
        { term: "done-work-self-1", event: "done-work-7-1", at: expect.any(Number) },
        { term: "done-work-self-2", event: "complete-work-7-2", at: expect.any(Number) },
      ],
    ],
    ["any", []],
  ]);
  await engine.close();
});

test("of several triggers of one callback each is traced on its own, and what a removed job waited for is gone", async () => {
  const { engine } = await openTracing();
  engine.register({ name: "one", on: "done-work-self-1 && done-work-self-2", ...nothing });
  engine.register({ name: "two", on: "done-work-self-1 && done-work-self-3", ...nothing });
  engine.submit({ id: 1 });
  engine.submit({ id: 2 });
  engine.emit("done-work-1-1");
  engine.emit("done-work-2-1");
  expect(engine.pending().map(({ callbackId, jobId }) => [callbackId, jobId])).toEqual(
    expect.arrayContaining([
      ["one", 1],
      ["two", 1],
      ["one", 2],
      ["two", 2],
    ]),
  );
  engine.emit("removed-job-1");
  engine.emit("done-work-2-3");
  expect(engine.pending().map(({ callbackId, jobId }) => [callbackId, jobId])).toEqual([["one", 2]]);
  await engine.close();
});

test("without tracing pending triggers are known, but not their events", async () => {
  const { engine, fired } = await openTracing(false);
  engine.register({ name: "both", on: "done-work-self-1 && done-work-self-2", ...nothing });
  engine.submit({ id: 7 });
  engine.emit("done-work-7-1");
  expect(engine.pending()).toMatchObject([
    { satisfied: [{ term: "done-work-self-1", event: null, at: null }], missing: ["done-work-self-2"], since: null },
  ]);
  engine.emit("done-work-7-2");
  expect(fired[0]?.causes).toBeNull();
  await engine.close();
});
