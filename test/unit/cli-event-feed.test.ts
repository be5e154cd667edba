import { PassThrough, Readable } from "node:stream";
import { expect, test, vi } from "vitest";
import { EventFeed } from "../../lib/cli/event-feed.js";
import type { EngineEvent } from "../../lib/engine/engine-event.js";

/** A feed between an engine and an output that say they are busy as the test wants. */
function setUp() {
  const events: (string | EngineEvent)[] = [];
  const refused: number[] = [];
  const runListeners: (() => void)[] = [];
  const engine = {
    load: { queued: 0, running: 0, delayed: 0 },
    emit: (event: string | EngineEvent): number => {
      events.push(event);
      return 0;
    },
    on: (_: string, listener: () => void) => {
      runListeners.push(listener);
      return engine as never;
    },
  };
  const output = { full: false, gone: false, onChange: () => {} };
  const feed = new EventFeed(engine, output, { refused: ({ line }) => refused.push(line) });
  return {
    events,
    refused,
    engine,
    output,
    feed,
    runChanged: () => runListeners.forEach((listener) => void listener()),
  };
}

const input = { file: null, name: "input" };
const line = (id: number) => `{"event":"submit-job-${id}"}\n`;

/** Lets everything happen that does not wait for something. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("events are reported in order, bad lines are refused by number", async () => {
  const { events, refused, feed } = setUp();
  const stream = new PassThrough();
  stream.end(`${line(1)}bad\n\n${line(2)}worse`);
  await feed.read(stream, input);
  expect(events).toEqual(["submit-job-1", "submit-job-2"]);
  expect(refused).toEqual([2, 5]);
  expect(feed.refused).toBe(2);
  expect(feed.lines).toBe(4);
});

test("events wait while nobody reads the outcomes", async () => {
  const { events, output, feed } = setUp();
  const stream = new PassThrough();
  output.full = true;
  stream.end(line(1) + line(2) + line(3));
  const read = feed.read(stream, input);
  await vi.waitFor(() => expect(events).toHaveLength(1));
  await settle();
  expect(events).toHaveLength(1);
  output.onChange();
  await settle();
  expect(events).toHaveLength(1);
  output.full = false;
  output.onChange();
  await read;
  expect(events).toHaveLength(3);
});

test("events wait while more than 5,000 runs do, without those that wait for time to pass", async () => {
  const { events, engine, feed, runChanged } = setUp();
  const stream = new PassThrough();
  engine.load = { queued: 6001, running: 0, delayed: 1000 };
  stream.end(line(1) + line(2));
  const read = feed.read(stream, input);
  await vi.waitFor(() => expect(events).toHaveLength(1));
  await settle();
  expect(events).toHaveLength(1);
  engine.load.delayed = 1001;
  runChanged();
  await read;
  expect(events).toHaveLength(2);
});

test("events wait while the lines of runs that have not ended are more than 256 MiB", async () => {
  const { engine, feed, runChanged } = setUp();
  let taken = 0;
  // As an engine that has one run for each event and lets none of them end.
  engine.emit = () => {
    taken++;
    engine.load.running++;
    return 1;
  };
  const large = Buffer.from(`{"event":"a-work-1-1","more":"${"x".repeat(15 * 1024 * 1024)}"}\n`);
  const count = 40;
  const most = Math.floor((256 * 1024 * 1024) / large.length) + 1;
  const read = feed.read(Readable.from(Array.from({ length: count }, () => large)), input);
  await vi.waitFor(() => expect(taken).toBe(most), { timeout: 30_000 });
  await settle();
  expect(taken).toBe(most);
  // One that has ended is not enough; none that runs is.
  engine.load.running--;
  runChanged();
  await settle();
  expect(taken).toBe(most);
  engine.load.running = 0;
  runChanged();
  await vi.waitFor(() => expect(taken).toBe(2 * most), { timeout: 30_000 });
  engine.load.running = 0;
  runChanged();
  await read;
  expect(taken).toBe(count);
});

test("events that fire nothing are no reason to wait, however large", async () => {
  const { engine, feed } = setUp();
  let taken = 0;
  engine.load.running = 1;
  engine.emit = () => {
    taken++;
    return 0;
  };
  const large = Buffer.from(`{"event":"a-work-1-1","more":"${"x".repeat(15 * 1024 * 1024)}"}\n`);
  await feed.read(Readable.from(Array.from({ length: 40 }, () => large)), input);
  expect(taken).toBe(40);
});

test("a stopped feed takes nothing more, whether it waits for input or for its output", async () => {
  const waiting = setUp();
  const open = new PassThrough();
  open.write(line(1));
  const read = waiting.feed.read(open, input);
  await vi.waitFor(() => expect(waiting.events).toHaveLength(1));
  waiting.feed.stop();
  await read;
  expect(waiting.feed.stopped).toBe(true);
  expect(open.destroyed).toBe(true);

  const full = setUp();
  full.output.full = true;
  const stream = new PassThrough();
  stream.write(line(1) + line(2));
  const other = full.feed.read(stream, input);
  await vi.waitFor(() => expect(full.events).toHaveLength(1));
  full.output.gone = true;
  full.output.onChange();
  await other;
  await full.feed.read(stream, input);
  expect(full.events).toHaveLength(1);
  expect(full.feed.stopped).toBe(true);
});

test("a stream that fails is reported with its name", async () => {
  const { feed } = setUp();
  const stream = new PassThrough();
  const read = feed.read(stream, { file: "events.ndjson", name: "events.ndjson" });
  stream.destroy(new Error("no such device"));
  await expect(read).rejects.toMatchObject({
    code: "ERR_UCB_INPUT",
    message: "events.ndjson cannot be read: no such device",
  });
});
