import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import {
  CallbackEngine,
  type ConfigurationChange,
  type EngineOptions,
  type Run,
  type UcbError,
} from "../../lib/index.js";
import { gatedSite } from "../support/gated-site.js";
import { openEngine, temporarySite } from "../support/temporary-site.js";

const patience = { timeout: 20_000, interval: 10 };
const none = { added: [], removed: [], changed: [], mail: false, needsRestart: [] };

function conf(directory: string, text: string): void {
  writeFileSync(join(directory, "callbacks.conf"), text);
}

async function open(files: Record<string, string>, options: EngineOptions = {}) {
  const site = temporarySite(files);
  const opened = await openEngine(site, options);
  const changes: ConfigurationChange[] = [];
  const problems: UcbError[] = [];
  opened.engine.on("configuration", (change) => changes.push(change));
  opened.engine.on("problem", (problem) => problems.push(problem));
  return { site, ...opened, changes, problems };
}

const twoFiles = { "a.py": "print('a')\n", "b.py": "print('b')\n", "callbacks.conf": "a.py = done-job-self\n" };

test("what is added fires from the next event on, what is removed does not, and nothing fires again", async () => {
  const { site, engine, ended, changes } = await open(twoFiles);
  expect(engine.emit("done-job-1")).toBe(1);
  conf(site.directory, "b.py = done-job-self\n");
  const change = await engine.reload();
  expect(change).toEqual({ ...none, generation: 2, added: ["0/b.py"], removed: ["0/a.py"] });
  expect(changes).toEqual([change]);
  expect(engine.emit("done-job-2")).toBe(1);
  await engine.idle();
  const facts = ({ callback, jobId, generation, state }: Run) => [callback, jobId, generation, state];
  expect(ended.map(facts).sort()).toEqual([
    ["a.py", 1, 1, "succeeded"],
    ["b.py", 2, 2, "succeeded"],
  ]);
});

test("a configuration that is the same is no new one", async () => {
  const { site, engine, changes } = await open(twoFiles);
  conf(site.directory, "# a comment\n\na.py   =   done-job-self\n");
  expect(await engine.reload()).toEqual({ ...none, generation: 1 });
  expect(changes).toEqual([]);
});

test.each([
  ["another trigger", "a.py = failed-job-self\n"],
  ["another option", "a.py = done-job-self\n[a.py]\ntimeout = 5s\n"],
  ["another variable", "a.py = done-job-self\n[*]\nenv.A = b\n"],
])("%s is told as a change", async (_, text) => {
  const { site, engine } = await open(twoFiles);
  conf(site.directory, text);
  expect(await engine.reload()).toEqual({ ...none, generation: 2, changed: ["0/a.py"] });
});

test("one that has any error is refused whole, and the last good one holds", async () => {
  const { site, engine, changes } = await open(twoFiles);
  conf(site.directory, "b.py = done-job-self\na.py = done-jub-self\n");
  const refusal = await engine.reload().catch((error) => error);
  expect(refusal).toMatchObject({
    code: "ERR_UCB_CONFIG",
    file: join(site.directory, "callbacks.conf"),
    line: 2,
    diagnostics: [expect.objectContaining({ severity: "error" })],
  });
  expect(changes).toEqual([]);
  const fired: string[] = [];
  engine.on("run", ({ state, callback }) => state === "queued" && fired.push(callback));
  engine.emit("done-job-1");
  expect(fired).toEqual(["a.py"]);
});

test("triggers that have not changed keep what they remember", async () => {
  const { site, engine } = await open({
    ...twoFiles,
    "callbacks.conf": "a.py = done-work-self-1 && done-work-self-2\nb.py = done-work-self-1 && done-work-self-3\n",
  });
  engine.submit({ id: 7 });
  expect(engine.emit("done-work-7-1")).toBe(0);
  conf(site.directory, "b.py = done-work-self-1 && done-work-self-4\na.py = done-work-self-1 && done-work-self-2\n");
  await engine.reload();
  expect(engine.emit("done-work-7-2")).toBe(1);
  expect(engine.emit("done-work-7-4")).toBe(0);
});

test("functions stay registered, and can still be unregistered", async () => {
  const { site, engine } = await open(twoFiles);
  const first = engine.register({ on: "done-job-self", run: () => undefined });
  engine.register({ name: "second", on: "done-job-self", run: () => undefined });
  first.unregister();
  conf(site.directory, "a.py = failed-job-self\nb.py = failed-job-self\n");
  await engine.reload();
  expect(engine.emit("done-job-1")).toBe(1);
  expect(() => engine.register({ name: "second", on: "done-job-self", run: () => undefined })).toThrow(/registered/);
});

test("runs that wait are within the new limits", async () => {
  const gated = gatedSite("max_running = 1");
  const { engine } = await openEngine(gated.site);
  for (let frame = 1; frame <= 3; frame++) engine.emit(`complete-work-1-${frame}`);
  await gated.waitFor(1);
  expect(engine.load).toMatchObject({ running: 1, queued: 2 });
  const file = join(gated.site.directory, "callbacks.conf");
  writeFileSync(file, readFileSync(file, "utf8").replace("max_running = 1", "max_running = 3"));
  await engine.reload();
  await gated.waitFor(3);
  gated.open();
  await engine.idle();
});

test("a directory that is watched is read again when its files change, are replaced, vanish and return", async () => {
  const { site, engine, changes, problems } = await open(twoFiles, { watch: true });
  conf(site.directory, "a.py = done-job-self\nb.py = failed-job-self\n");
  await vi.waitUntil(() => changes.length === 1, patience);
  expect(changes[0]).toMatchObject({ generation: 2, added: ["0/b.py"] });

  writeFileSync(join(site.directory, "new.conf"), "a.py = done-job-self\n");
  renameSync(join(site.directory, "new.conf"), join(site.directory, "callbacks.conf"));
  await vi.waitUntil(() => changes.length === 2, patience);
  expect(changes[1]).toMatchObject({ generation: 3, removed: ["0/b.py"] });

  renameSync(site.directory, `${site.directory}-away`);
  await vi.waitUntil(() => problems.length === 1, patience);
  expect(problems[0]).toMatchObject({ code: "ERR_UCB_CONFIG" });
  expect(engine.emit("done-job-1")).toBe(1);

  renameSync(`${site.directory}-away`, site.directory);
  conf(site.directory, "a.py = done-job-self\nb.py = failed-job-self\n");
  await vi.waitUntil(() => changes.length === 3, patience);
  expect(changes[2]).toMatchObject({ generation: 4, added: ["0/b.py"] });
});

test("reloading at once many times, and while closing, does what it should", async () => {
  const site = temporarySite(twoFiles);
  const engine = await CallbackEngine.open({ directories: [site.directory], logPath: site.logPath, watch: true });
  conf(site.directory, "b.py = done-job-self\n");
  const changes = await Promise.all(Array.from({ length: 20 }, () => engine.reload()));
  expect(changes.map(({ generation }) => generation)).toEqual(Array.from({ length: 20 }, () => 2));
  const late = engine.reload();
  const closed = engine.close();
  await expect(late).rejects.toMatchObject({ code: "ERR_UCB_CLOSED" });
  await closed;
  rmSync(site.directory, { recursive: true });
});
