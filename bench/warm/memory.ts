import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startTicksOf } from "../../lib/execute/process-identity.js";
import type { Run } from "../../lib/execute/run.js";
import type { Table } from "../harness/result.js";
import { figureOf } from "../harness/statistics.js";
import { type Site, type Subject, sleeper } from "./site.js";

/** What a host, the forks that wait for the next runs, and a run that sleeps hold, beside a cold run of the same script. */
export async function measureMemory(warm: Site, cold: Site): Promise<Table> {
  const rows: Table["rows"][number][] = [];
  for (const [language, subject] of Object.entries(sleeper)) {
    const forked = await held(warm, subject);
    const whole = await held(cold, subject);
    rows.push({ name: `${language}: host`, figures: forked.host });
    rows.push({ name: `${language}: fork that waits`, figures: forked.waiting });
    rows.push({ name: `${language}: fork`, figures: forked.run });
    rows.push({ name: `${language}: cold run`, figures: whole.run });
  }
  return {
    id: "memory",
    title: "Memory of a warm interpreter and of a fork that sleeps",
    unit: "KiB",
    better: "less",
    scale: "linear",
    columns: ["resident", "its share (PSS)", "its own (private)"],
    rows,
  };
}

async function held({ engine, folder }: Site, { event }: Subject) {
  const [awake, asleep] = [join(folder, "awake"), join(folder, "asleep")];
  const runs = await new Promise<Run[]>((resolve) => {
    const begun: Run[] = [];
    engine.on("run", function listen(run) {
      if (run.state !== "running") return;
      begun.push(run);
      if (begun.length < 4) return;
      engine.off("run", listen);
      resolve(begun);
    });
    for (let index = 0; index < 4; index++) engine.emit(event);
  });
  // Each writes a byte there.
  while ((await readFile(asleep, "utf8").catch(() => "")).length < runs.length) await pause(10);
  const own = await Promise.all(runs.map(({ pid }) => memoryOf(pid ?? 0)));
  const [host = [], ...waiting] = await Promise.all((await settled(() => othersOf(runs))).map(memoryOf));
  await writeFile(awake, "");
  await engine.idle();
  await Promise.all([rm(awake), rm(asleep)]);
  return { host: figures([host]), waiting: figures(waiting), run: figures(own) };
}

/** What `look` finds once it has found as much for a while. */
async function settled<T>(look: () => Promise<T[]>): Promise<T[]> {
  let found = await look();
  for (let again = 0; again < 20; again++) {
    await pause(20);
    const next = await look();
    if (next.length !== found.length) again = 0;
    found = next;
  }
  return found;
}

function figures(memories: readonly number[][]) {
  return [0, 1, 2].map((place) =>
    memories[0]?.[place] === undefined ? null : figureOf(memories.map((memory) => memory[place] ?? Number.NaN)),
  );
}

async function memoryOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  const value = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB`, "m").exec(text)?.[1]);
  return [value("Rss"), value("Pss"), value("Private_Clean") + value("Private_Dirty")];
}

/** Children of this process that run the same program as these, and are none of them, in the order of their start. */
async function othersOf(runs: readonly Run[]): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const executable = await programOf(runs[0]?.pid ?? 0);
  const others: { pid: number; startTicks: number }[] = [];
  for (const pid of pids) {
    if (runs.some((run) => run.pid === pid) || (await parentOf(pid)) !== process.pid) continue;
    if ((await programOf(pid)) === executable) others.push({ pid, startTicks: startTicksOf(pid) });
  }
  others.sort((one, other) => one.startTicks - other.startTicks || one.pid - other.pid);
  return others.map(({ pid }) => pid);
}

async function programOf(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")).trim();
}

async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}
