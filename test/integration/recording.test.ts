import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { Recording } from "../../lib/daemon/recording.js";
import type { UcbError } from "../../lib/errors.js";
import { ndjson } from "../support/ndjson.js";
import { rejection } from "../support/rejection.js";
import { mountSmallFileSystem } from "../support/small-file-system.js";

const patience = { timeout: 30_000, interval: 5 };

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "ucb-record-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function recordingIn(file: string, limits: { maxBytes?: number; keep?: number } = {}) {
  const problems: (UcbError | null)[] = [];
  const recording = await Recording.open({
    ...{ file, maxBytes: 1_000_000, keep: 3, ...limits },
    problem: (problem) => void problems.push(problem),
  });
  onTestFinished(() => recording.close());
  return { recording, problems };
}

function eventsIn(file: string): unknown[] {
  return ndjson(readFileSync(file, "utf8")).map(({ event }) => event);
}

test("events are written in their order with their records and the time, for their owner alone", async () => {
  const file = join(folder(), "events.ndjson");
  const before = Date.now();
  const { recording } = await recordingIn(file);
  recording.add("done-job-1");
  recording.add({
    type: "work",
    name: "complete",
    jobId: 7,
    extra: "17",
    job: { id: 7, name: "ä" },
    work: { name: "17" },
  });
  recording.add({ type: "globaltime", extra: "5" });
  await recording.close();
  const lines = ndjson(readFileSync(file, "utf8"));
  expect(lines).toEqual([
    { at: expect.any(Number), event: "done-job-1" },
    { at: expect.any(Number), event: "complete-work-7-17", job: { id: 7, name: "ä" }, work: { name: "17" } },
    { at: expect.any(Number), event: "globaltime-5" },
  ]);
  for (const { at } of lines) expect(Number(at)).toBeGreaterThanOrEqual(before);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(recording.status).toEqual({ file, missing: 0, problem: null });
});

test("a recording that exists is gone on with, and loses what others could read of it", async () => {
  const file = join(folder(), "events.ndjson");
  writeFileSync(file, '{"event":"done-job-1"}\n', { mode: 0o644 });
  const { recording } = await recordingIn(file);
  recording.add("done-job-2");
  await recording.close();
  expect(eventsIn(file)).toEqual(["done-job-1", "done-job-2"]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("behind a line that was cut off, the next one begins anew", async () => {
  const file = join(folder(), "events.ndjson");
  writeFileSync(file, '{"event":"done-job-1"}\n{"event":"do');
  const { recording } = await recordingIn(file);
  recording.add("done-job-2");
  await recording.close();
  const [first, torn, last] = readFileSync(file, "utf8").split("\n");
  expect([first, torn]).toEqual(['{"event":"done-job-1"}', '{"event":"do']);
  expect(JSON.parse(last ?? "")).toMatchObject({ event: "done-job-2" });
});

test("files are begun anew by size, and so many of them kept", async () => {
  const where = folder();
  const file = join(where, "events.ndjson");
  const { recording } = await recordingIn(file, { maxBytes: 100, keep: 2 });
  for (let id = 10; id < 18; id++) recording.add(`done-job-${id}`);
  await recording.close();
  expect(readdirSync(where).filter((name) => !name.endsWith(".lock"))).toEqual([
    "events.ndjson",
    "events.ndjson.1",
    "events.ndjson.2",
  ]);
  const files = [`${file}.2`, `${file}.1`, file];
  expect(files.flatMap(eventsIn)).toEqual([12, 13, 14, 15, 16, 17].map((id) => `done-job-${id}`));
  for (const each of files) expect(statSync(each)).toMatchObject({ size: 86, mode: 0o100_600 });
});

test("with none to keep there is only the file itself", async () => {
  const where = folder();
  const file = join(where, "events.ndjson");
  const { recording } = await recordingIn(file, { maxBytes: 50, keep: 0 });
  for (let id = 10; id < 14; id++) recording.add(`done-job-${id}`);
  await recording.close();
  expect(eventsIn(file)).toEqual(["done-job-13"]);
  expect(readdirSync(where).sort()).toEqual(["events.ndjson", "events.ndjson.lock"]);
});

test("a file that is moved away is followed by another", async () => {
  const file = join(folder(), "events.ndjson");
  const { recording } = await recordingIn(file);
  recording.add("done-job-1");
  await vi.waitUntil(() => statSync(file).size > 0, patience);
  renameSync(file, `${file}.old`);
  recording.add("done-job-2");
  await recording.close();
  expect(eventsIn(`${file}.old`)).toEqual(["done-job-1"]);
  expect(eventsIn(file)).toEqual(["done-job-2"]);
});

test("one process records to a file at a time", async () => {
  const file = join(folder(), "events.ndjson");
  const { recording } = await recordingIn(file);
  expect(await rejection(recordingIn(file))).toMatchObject({
    code: "ERR_UCB_RECORD",
    message: `another process records to ${file}`,
  });
  await recording.close();
  await recordingIn(file);
});

test("what others could lead elsewhere, or is no file of ours, is refused", async () => {
  const where = folder();
  const refusal = async (file: string) => (await rejection(recordingIn(file))) as UcbError;
  const open = join(where, "open");
  mkdirSync(open);
  chmodSync(open, 0o777);
  expect((await refusal(join(open, "a"))).message).toMatch(
    /can be written to by everybody, who could lead it elsewhere/,
  );
  symlinkSync("/etc/motd", join(where, "link"));
  expect((await refusal(join(where, "link"))).message).toMatch(/is there already, and no file/);
  mkdirSync(join(where, "folder"));
  expect((await refusal(join(where, "folder"))).message).toMatch(/is there already, and no file/);
  expect(await refusal(join(where, "missing", "a"))).toMatchObject({ code: "ERR_UCB_RECORD", errno: "ENOENT" });
  expect(readdirSync(open)).toEqual([]);
});

test("while the disk is full events wait, then are left out and counted, and go on once there is room", async (context) => {
  const small = await mountSmallFileSystem(join(folder(), "disk"), "size=8m");
  if (small.path === null) return context.skip(small.reason);
  mkdirSync(join(small.path, "mine"), { mode: 0o700 });
  const file = join(small.path, "mine", "events.ndjson");
  const { recording, problems } = await recordingIn(file, { maxBytes: 1_000_000, keep: 2 });
  recording.add("first-job-1");
  await vi.waitUntil(() => statSync(file).size > 0, patience);
  small.fill("bytes");
  const large = { id: 1, name: "x".repeat(1024 * 1024) };
  for (let count = 0; count < 20; count++) recording.add({ type: "job", name: "large", jobId: 1, job: large });
  const { missing } = recording.status;
  expect(missing).toBeGreaterThan(0);
  expect(missing).toBeLessThan(20);
  await vi.waitUntil(() => problems.length >= 2, patience);
  expect(problems.map((problem) => problem?.message)).toEqual([
    `${file} is written too slowly: events are left out of the recording`,
    expect.stringMatching(/ENOSPC/),
  ]);
  small.empty();
  await vi.waitUntil(() => problems.at(-1) === null, patience);
  recording.add("last-job-1");
  await recording.close();
  expect(recording.status).toEqual({ file, missing, problem: null });
  expect(ndjson(readFileSync(file, "utf8")).at(-1)).toEqual({ at: expect.any(Number), missing, event: "last-job-1" });
});

test("what cannot be written in the end is counted", async (context) => {
  const small = await mountSmallFileSystem(join(folder(), "disk"), "size=64k");
  if (small.path === null) return context.skip(small.reason);
  mkdirSync(join(small.path, "mine"), { mode: 0o700 });
  const { recording, problems } = await recordingIn(join(small.path, "mine", "events.ndjson"));
  small.fill("bytes");
  recording.add("done-job-1");
  recording.add("done-job-2");
  await vi.waitUntil(() => problems.length > 0, patience);
  await recording.close();
  expect(recording.status).toMatchObject({ missing: 2, problem: expect.stringMatching(/ENOSPC/) });
});
