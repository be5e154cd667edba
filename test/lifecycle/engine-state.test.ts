import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { DurableSupervisor, type SupervisorOptions } from "../support/durable-supervisor.js";
import { type TemporarySite, temporarySite } from "../support/temporary-site.js";

const patience = { timeout: 30_000, interval: 5 };

/** Writes a line with attempt and run id to `marks`, says that it runs, and ends when `gate` exists. */
const gated = `
import os, time
here = os.path.dirname(__file__)
with open(os.path.join(here, "..", "marks"), "a") as marks:
    marks.write(os.environ["UCB_ATTEMPT"] + " " + os.environ["UCB_RUN_ID"] + "\\n")
print("here I am", flush=True)
while not os.path.exists(os.path.join(here, "..", "gate")):
    time.sleep(0.01)
print("there I go")
raise SystemExit(3)
`;

function siteOf(files: Record<string, string>): { site: TemporarySite; options: SupervisorOptions } {
  const site = temporarySite(files);
  const options = { directories: [site.directory], logPath: site.logPath, state: site.path("state") };
  return { site, options };
}

function marks(site: TemporarySite): string[][] {
  if (!existsSync(site.path("marks"))) return [];
  const lines = readFileSync(site.path("marks"), "utf8").trimEnd().split("\n");
  return lines.map((line) => line.split(" "));
}

function openGate(site: TemporarySite): void {
  writeFileSync(site.path("gate"), "");
}

function gatedSite(options = ""): ReturnType<typeof siteOf> {
  const made = siteOf({ "wait.py": gated, "callbacks.conf": `wait.py = done-job-self\n${options}` });
  onTestFinished(() => openGate(made.site));
  return made;
}

function logOf(site: TemporarySite, jobId: number): string {
  return readFileSync(join(site.logPath, "job/0", String(jobId), `${jobId}.cb`), "utf8");
}

test("what was flushed is run after the supervisor was killed", async () => {
  const { site, options } = siteOf({
    "note.py": gated.replace("while not", "while False and not"),
    "callbacks.conf": "note.py = done-job-self\n[note.py]\nmax_running = 1\n",
  });
  const events = Array.from({ length: 20 }, (_, index) => `done-job-${index + 1}`);
  const submits = events.map((event) => event.replace("done", "submit"));
  const first = await DurableSupervisor.start(options);
  await first.tell({ emit: [...submits, ...events] });
  expect(await first.tell({ flush: true })).toHaveProperty("done");
  await first.kill();

  const second = await DurableSupervisor.start(options);
  await second.tell({ close: "wait" });
  expect(await second.exit()).toBe(0);
  const ids = new Set(marks(site).map(([, id]) => id));
  expect(ids.size).toBe(20);

  const third = await DurableSupervisor.start(options);
  await third.tell({ close: "wait" });
  expect(third.told).toEqual([]);
  expect(readdirSync(site.logPath, { recursive: true }).filter((name) => String(name).endsWith(".out"))).toEqual([]);
});

test("a process that outlives its supervisor is waited for by the next, which learns how it ends", async () => {
  const { site, options } = gatedSite();
  const first = await DurableSupervisor.start(options);
  await first.tell({ emit: ["submit-job-7", "done-job-7"] });
  const { pid, id } = await first.run("wait.py", "running");
  await vi.waitUntil(() => marks(site).length === 1, patience);
  await first.tell({ flush: true });
  await first.kill();

  const second = await DurableSupervisor.start(options);
  const running = await second.run("wait.py", "running");
  expect(running).toMatchObject({ pid, id, attempt: 1 });
  await second.tell({ load: true });
  expect((await second.until(({ load }) => load !== undefined)).load).toMatchObject({ running: 1, queued: 0 });
  openGate(site);
  const closed = second.tell({ close: "wait" });
  const ended = await second.until(({ run }) => run !== undefined && run.endedAt !== null);
  await closed;
  expect(marks(site)).toEqual([["1", id]]);
  expect(ended.run).toMatchObject({ pid, id, attempt: 1 });
  // Before Linux 6.15 nobody but a process's parent learns how it ended.
  if (ended.run?.code !== "ERR_UCB_STATUS") expect(ended.run).toMatchObject({ state: "failed", exitCode: 3 });
  expect(logOf(site, 7)).toMatch(/^=== run .*\nhere I am\nthere I go\n=== end .*\n$/);
});

test("an adopted process keeps its deadline", async () => {
  const { site, options } = gatedSite("[wait.py]\ntimeout = 2s\n");
  const first = await DurableSupervisor.start(options);
  await first.tell({ emit: ["submit-job-7", "done-job-7"] });
  await first.run("wait.py", "running");
  await vi.waitUntil(() => marks(site).length === 1, patience);
  await first.tell({ flush: true });
  await first.kill();
  const second = await DurableSupervisor.start(options);
  const ended = await second.run("wait.py", "timed-out");
  expect(ended.attempt).toBe(1);
  expect(logOf(site, 7)).toContain("timed out");
});

test.each([
  ["on_lost = rerun", ["wait.py queued 2", "wait.py running 2", "wait.py failed 2"], ["1", "2"]],
  ["on_lost = report", ["wait.py lost 1"], ["1"]],
])("a run that ended unseen, with %s", async (option, told, attempts) => {
  const { site, options } = gatedSite(`[wait.py]\n${option}\n`);
  const first = await DurableSupervisor.start(options);
  await first.tell({ emit: ["submit-job-7", "done-job-7"] });
  const { pid, id } = await first.run("wait.py", "running");
  await vi.waitUntil(() => marks(site).length === 1, patience);
  await first.tell({ flush: true });
  await first.kill();
  process.kill(pid as number, "SIGKILL");
  await vi.waitUntil(() => !existsSync(`/proc/${pid}`), patience);
  openGate(site);

  const second = await DurableSupervisor.start(options);
  await second.tell({ counters: true });
  await second.tell({ close: "wait" });
  expect(second.told).toEqual(told);
  expect(marks(site)).toEqual(attempts.map((attempt) => [attempt, id]));
  expect(logOf(site, 7)).toMatch(/here I am\n=== end \S+ lost: /);
  const last = second.lines.findLast(({ run }) => run !== undefined)?.run;
  expect(last?.reason).toMatch(/\S/);
});

test("jobs stay attached, and half-satisfied triggers stay half satisfied", async () => {
  const { site, options } = siteOf({
    "both.py": gated.replace("while not", "while False and not"),
    "callbacks.conf": "both.py = done-job-lamp && failed-job-self\n",
  });
  const first = await DurableSupervisor.start(options);
  await first.tell({ submit: { id: 5, pgrp: 5, label: "" } });
  await first.tell({ submit: { id: 6, pgrp: 5, label: "lamp" } });
  await first.tell({ emit: "done-job-6" });
  await first.tell({ flush: true });
  await first.kill();
  const second = await DurableSupervisor.start(options);
  await second.tell({ emit: "failed-job-5" });
  const { jobId } = await second.run("both.py", "running");
  expect(jobId).toBe(5);
  await second.tell({ close: "wait" });
  expect(marks(site)).toHaveLength(1);
  // What fired is used up, for the next engine, too.
  const third = await DurableSupervisor.start(options);
  await third.tell({ emit: "failed-job-5" });
  await third.tell({ close: "wait" });
  expect(third.told).toEqual([]);
});

test("runs of functions wait until their function is registered", async () => {
  const { options } = siteOf({ "callbacks.conf": "" });
  const named = { name: "notify", on: "done-job-self" };
  const first = await DurableSupervisor.start({ ...options, functions: [{ ...named, hangs: true }] });
  await first.tell({ emit: ["submit-job-3", "done-job-3"] });
  await first.until(({ hangs }) => hangs === "notify");
  await first.tell({ flush: true });
  await first.kill();
  const second = await DurableSupervisor.start(options);
  await second.tell({ flush: true });
  await second.kill();
  const third = await DurableSupervisor.start(options);
  await third.tell({ register: named });
  const { attempt } = await third.run("notify", "succeeded");
  expect(attempt).toBe(2);
});

test("runs that wait for a callback that is no more are dropped, and that is told", async () => {
  const { site, options } = gatedSite("[wait.py]\nmax_running = 1\n");
  const first = await DurableSupervisor.start(options);
  await first.tell({ emit: ["submit-job-7", "submit-job-8", "done-job-7", "done-job-8"] });
  await first.run("wait.py", "running");
  await first.tell({ flush: true });
  await first.kill();
  writeFileSync(join(site.directory, "callbacks.conf"), "");
  openGate(site);
  const second = await DurableSupervisor.start(options);
  const dropped = await second.run("wait.py", "dropped");
  expect(dropped).toMatchObject({ code: "ERR_UCB_CALLBACK_GONE", jobId: 8 });
  await second.tell({ close: "wait" });
});

test("what waits when an engine is closed is the next engine's", async () => {
  const { site, options } = gatedSite("[wait.py]\nmax_running = 1\n");
  const first = await DurableSupervisor.start(options);
  await first.tell({ emit: ["submit-job-7", "submit-job-8", "done-job-7", "done-job-8"] });
  const { pid } = await first.run("wait.py", "running");
  await first.tell({ close: "leave" });
  expect(await first.exit()).toBe(0);
  expect(first.told.filter((told) => told.includes("dropped"))).toEqual([]);
  const second = await DurableSupervisor.start(options);
  expect((await second.run("wait.py", "running")).pid).toBe(pid);
  openGate(site);
  await second.tell({ close: "wait" });
  expect(marks(site)).toHaveLength(2);
});

test("an adopted callback can ask its new supervisor", async () => {
  const asks = gated.replace("raise SystemExit(3)", 'import qb\nqb.kill("7")');
  const { site, options } = siteOf({ "ask.py": asks, "callbacks.conf": "ask.py = done-job-self\n" });
  const first = await DurableSupervisor.start(options);
  await first.tell({ emit: ["submit-job-7", "done-job-7"] });
  await first.run("ask.py", "running");
  await vi.waitUntil(() => marks(site).length === 1, patience);
  await first.tell({ flush: true });
  await first.kill();
  const second = await DurableSupervisor.start(options);
  await second.run("ask.py", "running");
  openGate(site);
  const { action } = await second.until((line) => line.action !== undefined);
  expect(action).toEqual({ verb: "kill", target: "job", ids: ["7"] });
});

test("a second engine on the same state is refused, and the first goes on", async () => {
  const { options } = siteOf({ "callbacks.conf": "" });
  const first = await DurableSupervisor.start(options);
  const second = await DurableSupervisor.start(options);
  expect(second.lines[0]?.refused).toMatchObject({ code: "ERR_UCB_STATE" });
  expect(await first.tell({ flush: true })).toHaveProperty("done");
});
