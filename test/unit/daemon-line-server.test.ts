import { Readable, Writable } from "node:stream";
import { expect, test, vi } from "vitest";
import { EventIntake } from "../../lib/daemon/event-intake.js";
import { LineServer } from "../../lib/daemon/line-server.js";
import { UcbError } from "../../lib/errors.js";
import { ndjson } from "../support/ndjson.js";

const patience = { timeout: 30_000, interval: 5 };

type Answer = { taken?: { event: string; undurable?: string }; error?: { line: number }; answered?: unknown };

/** A client between an engine that fires nothing and a disk on which nothing is safe before the test says so. */
function setUp(chunks: string[]) {
  const happened: string[] = [];
  const flushes: { done: () => void; failed: (error: Error) => void }[] = [];
  let onRun = () => {};
  const engine = {
    load: { queued: 0, running: 0, delayed: 0 },
    emit: (event: unknown) => happened.push(`took ${event}`) && 0,
    flush: () => {
      happened.push("flush");
      return new Promise<void>((done, failed) => flushes.push({ done, failed }));
    },
    on: (_: string, listener: (run: object) => void) => {
      onRun = () => listener({ state: "succeeded" });
    },
  };
  const output = { full: false };
  const answered: Answer[] = [];
  const answers = new Writable({
    write: (chunk, _, callback) => {
      answered.push(...(ndjson(String(chunk)) as Answer[]));
      callback();
    },
  });
  const options = { isDurable: true, recording: null, isBehind: () => output.full };
  const intake = new EventIntake(engine as never, options);
  const server = new LineServer({ intake, answers, answer: async (record) => ({ answered: record.ask }) });
  const served = server.serve(Readable.from(chunks.map((chunk) => Buffer.from(chunk))));
  return { happened, flushes, answered, answers, served, engine, intake, output, runEnded: () => onRun() };
}

const event = (id: number) => `{"event":"done-job-${id}"}\n`;

/** Resolves to the flush with this number, from 1, once it is asked for. */
async function flushOf<T>(flushes: readonly T[], number: number): Promise<T> {
  await vi.waitUntil(() => flushes.length >= number, patience);
  expect(flushes).toHaveLength(number);
  return flushes[number - 1] as T;
}

test("events of one chunk are flushed together, and each is answered only after that", async () => {
  const { happened, flushes, answered, served } = setUp([event(1) + event(2) + event(3), event(4)]);
  const first = await flushOf(flushes, 1);
  expect(happened).toEqual(["took done-job-1", "took done-job-2", "took done-job-3", "flush"]);
  expect(answered).toEqual([]);
  first.done();
  const second = await flushOf(flushes, 2);
  expect(answered.map(({ taken }) => taken?.event)).toEqual(["done-job-1", "done-job-2", "done-job-3"]);
  second.done();
  await served;
  expect(answered).toHaveLength(4);
});

test("a thousand events in one chunk cost one flush", async () => {
  const chunk = Array.from({ length: 1000 }, (_, id) => event(id + 1)).join("");
  const { flushes, answered, served } = setUp([chunk]);
  (await flushOf(flushes, 1)).done();
  await served;
  expect(answered).toHaveLength(1000);
  expect(flushes).toHaveLength(1);
});

test("what cannot be made durable is taken all the same, and its answer says so", async () => {
  const { flushes, answered, served } = setUp([event(1) + event(2)]);
  (await flushOf(flushes, 1)).failed(new UcbError("ERR_UCB_STATE", "the disk is full"));
  await served;
  expect(answered).toEqual([
    { taken: { event: "done-job-1", runs: [], undurable: "the disk is full" } },
    { taken: { event: "done-job-2", runs: [], undurable: "the disk is full" } },
  ]);
});

test("answers keep the order of the lines: what is in front of a mistake or a question is settled first", async () => {
  const { flushes, answered, served } = setUp([`${event(1)}nonsense\n${event(2)}{"ask":"this"}\n`]);
  (await flushOf(flushes, 1)).done();
  (await flushOf(flushes, 2)).done();
  await served;
  expect(answered).toMatchObject([
    { taken: { event: "done-job-1" } },
    { error: { line: 2 } },
    { taken: { event: "done-job-2" } },
    { answered: "this" },
  ]);
});

test("events before one that has to wait for runs are answered without it", async () => {
  const { happened, flushes, answered, served, engine, runEnded } = setUp([event(1) + event(2)]);
  engine.emit = (taken) => {
    happened.push(`took ${taken}`);
    engine.load.queued = 6000;
    return 0;
  };
  (await flushOf(flushes, 1)).done();
  await vi.waitUntil(() => answered.length === 1, patience);
  expect(happened).toEqual(["took done-job-1", "flush"]);
  engine.load.queued = 0;
  runEnded();
  (await flushOf(flushes, 2)).done();
  await served;
  expect(answered).toHaveLength(2);
});

test("events wait for whoever reads the outcomes, and are refused once it stops", async () => {
  const { happened, answered, served, engine, intake, output, flushes } = setUp([event(1), event(2), event(3)]);
  engine.emit = (taken) => {
    happened.push(`took ${taken}`);
    output.full = true;
    return 0;
  };
  (await flushOf(flushes, 1)).done();
  await vi.waitUntil(() => answered.length === 1, patience);
  intake.look();
  expect(happened).toEqual(["took done-job-1", "flush"]);
  output.full = false;
  intake.look();
  (await flushOf(flushes, 2)).done();
  await vi.waitUntil(() => answered.length === 2, patience);
  intake.close();
  await served;
  expect(answered[2]).toMatchObject({ error: { line: 3, code: "ERR_UCB_CLOSED" } });
  expect(happened).toEqual(["took done-job-1", "flush", "took done-job-2", "flush"]);
});

test("nothing more is taken of a client that is gone", async () => {
  const { happened, flushes, answers, served } = setUp([event(1), event(2)]);
  const first = await flushOf(flushes, 1);
  answers.destroy();
  first.done();
  await served;
  expect(happened).toEqual(["took done-job-1", "flush"]);
});
