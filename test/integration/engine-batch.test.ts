import { expect, test } from "vitest";
import { CallbackEngine, type EngineOptions } from "../../lib/index.js";

async function openCounting(options: EngineOptions = {}) {
  const engine = await CallbackEngine.open({ directories: [], ...options });
  const fired: string[] = [];
  engine.on("run", ({ state, callback, event, jobId }) => {
    if (state === "queued") fired.push(`${callback} ${event} ${jobId}`);
  });
  const run = () => undefined;
  engine.register({ name: "any", on: "done-work-self-*", run });
  engine.register({ name: "both", on: "done-work-self-1 && done-work-self-2", run });
  engine.register({ name: "job", on: "submit-job-self || removed-job-self", run });
  engine.register({ name: "label", on: "done-job-lamp", run });
  return { engine, fired };
}

const lines = [
  "submit-job-1",
  "",
  "done-work-1-1\r",
  "complete-work-1-2",
  "nonsense",
  "done-work-2-größe",
  "removed-job-1",
  "done-jib-3",
  "done-work-1-2",
];

test("bytes, text and single events come to the same", async () => {
  const single = await openCounting();
  for (const line of lines.map((text) => text.trim())) {
    try {
      if (line !== "") single.engine.emit(line);
    } catch {
      // Told below.
    }
  }
  expect(single.fired).toContain("both complete-work-1-2 1");
  for (const batch of [lines.join("\n"), Buffer.from(lines.join("\n")), Buffer.from(`${lines.join("\n")}\n`)]) {
    const { engine, fired } = await openCounting();
    const result = engine.emitBatch(batch);
    expect(result).toMatchObject({ events: 6, runs: fired.length });
    expect(result.errors.map(({ code, line }) => [code, line])).toEqual([
      ["ERR_UCB_EVENT", 5],
      ["ERR_UCB_EVENT", 8],
    ]);
    expect(result.errors[1]?.hint).toMatch(/did you mean/);
    expect(fired).toEqual(single.fired);
    expect(engine.totals).toEqual({ events: 6, matches: fired.length });
    await engine.close();
    expect(() => engine.emitBatch(batch)).toThrow(expect.objectContaining({ code: "ERR_UCB_CLOSED" }));
  }
  await single.engine.close();
});

test("a batch that is no UTF-8, and one that is traced, are taken line by line", async () => {
  const broken = Buffer.concat([Buffer.from("done-work-1-1\n"), Buffer.of(0xff, 0x0a), Buffer.from("done-work-1-2\n")]);
  for (const trace of [false, true]) {
    const { engine, fired } = await openCounting({ trace });
    engine.submit({ id: 1 });
    fired.length = 0;
    expect(engine.emitBatch(broken)).toMatchObject({ events: 2, runs: 3, errors: [{ line: 2 }] });
    expect(fired).toEqual(["any done-work-1-1 1", "any done-work-1-2 1", "both done-work-1-2 1"]);
    await engine.close();
  }
});

test("jobs that a batch submits have the records that were known before, and lose them with their removal", async () => {
  const { engine, fired } = await openCounting();
  engine.attach({ id: 1, label: "lamp", pgrp: 1 });
  engine.attach({ id: 2, pgrp: 1 });
  engine.emitBatch(Buffer.from("submit-job-1\ndone-job-1\nremoved-job-1\ndone-job-1\n"));
  expect(fired).toEqual(["job submit-job-1 1", "label done-job-1 2", "job removed-job-1 1"]);
  await engine.close();
});

test("what listeners emit in the middle of a batch is taken, too", async () => {
  const { engine, fired } = await openCounting();
  let depth = 0;
  engine.on("run", ({ state, event }) => {
    if (state === "queued" && event.startsWith("submit") && depth++ < 3)
      engine.emitBatch(Buffer.from("done-work-9-5\n"));
  });
  engine.emitBatch(Buffer.from(Array.from({ length: 2000 }, (_, index) => `submit-job-${index + 1}\n`).join("")));
  expect(fired.filter((text) => text === "any done-work-9-5 9")).toHaveLength(3);
  expect(fired.filter((text) => text.startsWith("job submit"))).toHaveLength(2000);
  await engine.close();
});
