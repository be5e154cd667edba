import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { CallbackEngine, type UcbError } from "../../lib/index.js";
import { DurableSupervisor } from "../support/durable-supervisor.js";
import { openEngine, temporarySite } from "../support/temporary-site.js";

const patience = { timeout: 30_000, interval: 10 };

/** A state on a file system of one megabyte, which is full as soon as `fill` was called. */
function smallDisk(folder: string): { fill(): void; empty(): void } {
  mkdirSync(folder, { mode: 0o700 });
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", folder]);
  onTestFinished(() => void execFileSync("umount", ["-l", folder]));
  const ballast = join(folder, "ballast");
  return {
    fill: () => {
      try {
        writeFileSync(ballast, Buffer.alloc(2 ** 20));
      } catch (error) {
        expect(error).toMatchObject({ code: "ENOSPC" });
      }
    },
    empty: () => rmSync(ballast),
  };
}

describe.runIf(process.getuid?.() === 0)("an engine whose disk is full", () => {
  test("goes on, says that it is not durable, and is again when there is room", async () => {
    const site = temporarySite({ "callbacks.conf": "" });
    const state = site.path("state");
    const disk = smallDisk(state);
    const { engine, ended } = await openEngine(site, { state });
    engine.register({ name: "note", on: "done-job-self", run: () => undefined });
    const durability: (UcbError | null)[] = [];
    const problems: UcbError[] = [];
    engine.on("durability", (problem) => durability.push(problem));
    engine.on("problem", (problem) => problems.push(problem));
    engine.submit({ id: 1, name: "lamp" });
    await engine.flush();

    disk.fill();
    let jobs = 1;
    const report = () => {
      for (let count = 0; count < 50; count++) engine.submit({ id: ++jobs, name: "x".repeat(1000) });
      engine.emit("done-job-1");
    };
    let refusal: unknown = null;
    while (refusal === null) {
      report();
      refusal = await engine.flush().then(
        () => null,
        (error) => error,
      );
    }
    expect(refusal).toMatchObject({ code: "ERR_UCB_STATE" });
    expect(durability).toMatchObject([{ code: "ERR_UCB_STATE" }]);
    expect(problems).toEqual(durability);
    const before = ended.length;
    engine.emit("done-job-1");
    await vi.waitUntil(() => ended.length > before, patience);
    expect(ended.at(-1)?.state).toBe("succeeded");

    disk.empty();
    await vi.waitUntil(() => durability.at(-1) === null, patience);
    engine.submit({ id: 999_999, name: "after" });
    await engine.flush();
    await engine.close();
    const next = await openEngine(site, { state });
    next.engine.register({ name: "note", on: "done-job-self", run: ({ job }) => expect(job.name).toBe("after") });
    expect(next.engine.emit("done-job-999999")).toBe(1);
    await next.engine.close();
    expect(next.ended.map((run) => run.state)).toEqual(["succeeded"]);
  });
});

test.each([
  ["cut off", (file: string) => truncateSync(file, 5000)],
  ["overwritten", (file: string) => writeFileSync(file, "no journal ".repeat(1000))],
])("a state that is %s is refused, left as it is, and nothing stays open", async (_, damage) => {
  const site = temporarySite({ "callbacks.conf": "" });
  const state = site.path("state");
  const { engine } = await openEngine(site, { state });
  for (let id = 1; id < 500; id++) engine.submit({ id, name: "lamp" });
  await engine.close();
  const file = join(state, "journal.mdb");
  damage(file);
  const damaged = readFileSync(file);
  const descriptors = readdirSync("/proc/self/fd").length;
  const opening = CallbackEngine.open({ directories: [site.directory], logPath: site.logPath, state });
  await expect(opening).rejects.toMatchObject({ code: "ERR_UCB_STATE", path: state });
  expect(readFileSync(file).equals(damaged)).toBe(true);
  await vi.waitUntil(() => readdirSync("/proc/self/fd").length <= descriptors, patience);
});

test("an engine without a state says that nothing can be flushed", async () => {
  const { engine } = await openEngine(temporarySite({ "callbacks.conf": "" }));
  await expect(engine.flush()).rejects.toMatchObject({ code: "ERR_UCB_STATE", hint: expect.stringMatching(/state/) });
});

test("a state whose path leaves no room for a socket is refused, and let go of", async () => {
  const site = temporarySite({ "callbacks.conf": "" });
  const state = site.path("s".repeat(100));
  const options = { directories: [site.directory], logPath: site.logPath, state };
  await expect(CallbackEngine.open(options)).rejects.toMatchObject({ code: "ERR_UCB_BRIDGE" });
  await expect(CallbackEngine.open(options)).rejects.toMatchObject({ code: "ERR_UCB_BRIDGE" });
});

test("a record that JSON cannot hold is refused with its event, and costs nobody else anything", async () => {
  const site = temporarySite({ "callbacks.conf": "" });
  const { engine } = await openEngine(site, { state: site.path("state") });
  const calls: number[] = [];
  engine.register({ name: "note", on: "failed-work-self-*", run: ({ job }) => void calls.push(job.id) });
  engine.submit({ id: 1 });
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const event = { name: "failed", type: "work", jobId: 1, extra: 1 } as const;
  expect(() => engine.emit({ ...event, work: circular })).toThrow(expect.objectContaining({ code: "ERR_UCB_EVENT" }));
  engine.emit(event);
  await engine.flush();
  await engine.close();
  expect(calls).toEqual([1]);
});

test("finished runs are kept as long as the retention says", async () => {
  const site = temporarySite({ "callbacks.conf": "" });
  const state = site.path("state");
  const { engine, ended } = await openEngine(site, { state, retention: { runs: 5 } });
  engine.register({ name: "note", on: "done-job-self", run: () => undefined });
  for (let round = 0; round < 20; round++) {
    engine.emit(`done-job-${round + 1}`);
    await engine.idle();
    await engine.flush();
  }
  expect(ended).toHaveLength(20);
  const kept = await engine.finishedRuns();
  expect(kept.map(({ jobId }) => jobId)).toEqual([16, 17, 18, 19, 20]);
  await engine.close();
  const next = await DurableSupervisor.start({ directories: [site.directory], logPath: site.logPath, state });
  await next.tell({ close: "wait" });
  expect(next.told).toEqual([]);
  expect(existsSync(join(state, "bridge"))).toBe(false);
});
