import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { UcbError } from "../../lib/errors.js";
import type { Run } from "../../lib/execute/run.js";
import { endChanges, jobChange, memoryChange, progressChange, runChange } from "../../lib/journal/changes.js";
import { Journal } from "../../lib/journal/journal.js";
import type { Change, StoredRun } from "../../lib/journal/records.js";

function stateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ucb-state-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function storedRun(id: string, extra: Partial<Run> = {}): StoredRun {
  const run = { id, callbackId: "0/a.py", event: "complete-job-1", jobId: 1, state: "queued", endedAt: null, ...extra };
  return { run: run as Run, kind: "site", known: { id: 1, name: "lamp" }, process: null };
}

function put(stored: StoredRun): Change {
  return runChange(stored, { known: JSON.stringify(stored.known) });
}

async function openJournal(folder: string, options = {}): Promise<Journal> {
  const journal = await Journal.open(folder, options);
  let open = true;
  const close = journal.close.bind(journal);
  journal.close = async () => {
    if (open) {
      open = false;
      await close();
    }
  };
  onTestFinished(() => journal.close());
  return journal;
}

test("what was put is there when the journal is opened again, in order", async () => {
  const folder = stateFolder();
  const journal = await openJournal(folder);
  expect(journal.takeState()).toEqual({ runs: [], jobs: [], memories: [], times: [] });
  journal.put(put(storedRun("02")));
  journal.put(put(storedRun("01")));
  journal.put(put(storedRun("03")));
  const running = storedRun("02", { state: "running", attempt: 2 } as Partial<Run>).run;
  const process = { pid: 9, startTicks: 5, bootId: "b", startedAt: 1, deadlineAt: 2, token: "t" };
  journal.put(progressChange(running, process));
  journal.put(...endChanges(storedRun("03", { endedAt: Date.now() }).run));
  journal.put(jobChange(7, JSON.stringify({ id: 7, label: "ribgen" })));
  journal.put(jobChange(8, JSON.stringify({ id: 8 })));
  journal.put(jobChange(8, null));
  journal.put(memoryChange(7, Uint8Array.of(1, 2, 3)));
  journal.put(memoryChange(9, Uint8Array.of(4)), memoryChange(9, null));
  await journal.flush();
  await journal.close();

  const state = (await openJournal(folder)).takeState();
  expect(state.runs.map(({ run }) => run.id)).toEqual(["01", "02"]);
  expect(state.runs[0]).toEqual(storedRun("01"));
  expect(state.runs[1]).toEqual({ ...storedRun("02"), run: running, process });
  expect(state.jobs).toEqual([{ id: 7, label: "ribgen" }]);
  expect(state.memories).toEqual([[7, Uint8Array.of(1, 2, 3)]]);
});

test("what was flushed survives the death of the process at the next instruction", async () => {
  const folder = stateFolder();
  const script = `
    import { Journal } from ${JSON.stringify(join(process.cwd(), "dist/journal/journal.js"))};
    const journal = await Journal.open(${JSON.stringify(folder)});
    for (let i = 10; i < 60; i++) journal.put(["runs", String(i), JSON.stringify({ run: { id: String(i) }, known: { id: 1 } })]);
    await journal.flush();
    process.kill(process.pid, "SIGKILL");
  `;
  expect(() => execFileSync(process.execPath, ["--input-type=module", "-e", script])).toThrow(/SIGKILL|failed/);
  const state = (await openJournal(folder)).takeState();
  expect(state.runs).toHaveLength(50);
});

test("a second journal on the same state is refused", async () => {
  const folder = stateFolder();
  await openJournal(folder);
  await expect(Journal.open(folder)).rejects.toMatchObject({ code: "ERR_UCB_STATE", path: join(folder, "lock") });
  await expect(Journal.open(folder)).rejects.toThrow(/another engine has this state/);
});

test.each([
  ["cut off in the middle", (file: string) => truncateSync(file, 3 * 4096)],
  ["cut off at its beginning", (file: string) => truncateSync(file, 100)],
  ["overwritten with something else", (file: string) => writeFileSync(file, "x".repeat(100_000))],
])("a journal %s is refused and left as it is", async (_, damage) => {
  const folder = stateFolder();
  const journal = await openJournal(folder);
  for (let i = 0; i < 1000; i++) journal.put(put(storedRun(String(i))));
  await journal.close();
  const file = join(folder, "journal.mdb");
  damage(file);
  const before = readFileSync(file);
  await expect(Journal.open(folder)).rejects.toMatchObject({ code: "ERR_UCB_STATE", path: folder });
  expect(readFileSync(file).equals(before)).toBe(true);
});

test("a folder that others may write is refused", async () => {
  const folder = stateFolder();
  chmodSync(folder, 0o777);
  await expect(Journal.open(folder)).rejects.toThrow(/can be written by, somebody else/);
});

test("finished runs are kept up to the retention", async () => {
  const folder = stateFolder();
  const journal = await openJournal(folder, { retention: { runs: 10 } });
  for (let i = 100; i < 200; i++) {
    journal.put(...endChanges(storedRun(String(i), { endedAt: Date.now() }).run));
    if (i % 10 === 0) await journal.flush();
  }
  await journal.flush();
  expect((await journal.finished()).map(({ id }) => id)).toEqual(
    Array.from({ length: 10 }, (_, index) => String(190 + index)),
  );
});

test.runIf(process.getuid?.() === 0)("a full disk is told, and what lives is written once there is room", async () => {
  const folder = stateFolder();
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", folder]);
  onTestFinished(() => void execFileSync("umount", ["-l", folder]));
  const journal = await openJournal(folder);
  const told: (UcbError | null)[] = [];
  const live = storedRun("00-live");
  journal.attachOwner({
    complete: () => undefined,
    snapshot: () => [put(live), jobChange(5, '{"id":5}')],
    durabilityChanged: (problem) => told.push(problem),
  });
  journal.put(put(live));
  await journal.flush();
  const ballast = join(folder, "ballast");
  writeFileSync(ballast, Buffer.alloc(600 * 1024));
  let failed: unknown = null;
  for (let i = 0; i < 100 && failed === null; i++) {
    for (let j = 0; j < 50; j++) journal.put(put(storedRun(`${i}-${j}`, { event: "x".repeat(1000) })));
    failed = await journal.flush().then(
      () => null,
      (error) => error,
    );
  }
  expect(failed).toMatchObject({ code: "ERR_UCB_STATE" });
  expect(journal.problem).not.toBeNull();
  expect(told).toHaveLength(1);
  rmSync(ballast);
  await vi.waitUntil(() => journal.problem === null, { timeout: 30_000 });
  expect(told.at(-1)).toBeNull();
  journal.put(put(storedRun("99")));
  await journal.flush();
  await journal.close();
  const state = (await openJournal(folder)).takeState();
  expect(state.runs.map(({ run }) => run.id)).toEqual(["00-live", "99"]);
  expect(state.jobs).toEqual([{ id: 5 }]);
});
