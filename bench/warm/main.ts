import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { resolveInterpreter } from "../../lib/execute/interpreters.js";
import { withFolder } from "../harness/folder.js";
import { sized } from "../harness/options.js";
import { report } from "../harness/report.js";
import type { Table, Target } from "../harness/result.js";
import { advantage, figureOf, quantile } from "../harness/statistics.js";
import { forkLoopLatencies, forkLoopName, forkLoopRate, inputOf, type RunInput } from "./fork-loop.js";
import { measureMemory } from "./memory.js";
import {
  checkWork,
  endure,
  openSite,
  plainPerl,
  type Site,
  type Subject,
  stampPerl,
  stampPython,
  submitted,
} from "./site.js";

const subjects = [
  { subject: submitted, needed: 20, cold: sized(40, 4), warm: sized(1200, 8) },
  { subject: plainPerl, needed: 2, cold: sized(200, 4), warm: sized(1200, 8) },
  { subject: checkWork, needed: 5, cold: sized(200, 4), warm: sized(1200, 8) },
];
const inFlight = [1, 8, 64];
const rounds = sized(5, 1);

await withFolder(async (folder) => {
  const warm = await openSite(folder, "yes");
  const cold = await openSite(folder, "no");
  // What has just been written might be written again: it is compiled once it has been left alone for a while.
  for (const { subject } of subjects) await endure(warm, subject, 20, 4);
  await new Promise((resolve) => setTimeout(resolve, sized(3000, 0)));
  for (const { subject } of subjects) await endure(warm, subject, 20, 4);
  const { input, over } = await inputOf(warm);
  const throughput = await measureThroughput(warm, cold, input);
  const latency = await measureLatency(warm, cold, input);
  await over();
  const memory = await measureMemory(warm, cold);
  await Promise.all([warm.engine.close(), cold.engine.close()]);
  const targets = [...throughput.targets, ...latency.targets];
  await report("warm", [throughput.table, latency.table, memory], targets, await interpreters());
});

/** What cold runs cost depends on what an interpreter loads at its start. */
async function interpreters(): Promise<string[]> {
  const [python, perl] = await Promise.all([resolveInterpreter("python", null), resolveInterpreter("perl", null)]);
  const versions = [
    [
      python,
      "-c",
      "import sys; print('Python %d.%d.%d, with %d modules at its start' % (sys.version_info[:3] + (len(sys.modules),)))",
    ],
    [perl, "-e", "printf 'Perl %vd', $^V"],
  ];
  return versions.map(([file = "", ...args]) => `${file}: ${execFileSync(file, args, { encoding: "utf8" }).trim()}`);
}

/** Runs a second, from emit to the recorded outcome, cold and warm by turns. */
async function measureThroughput(
  warm: Site,
  cold: Site,
  input: RunInput,
): Promise<{ table: Table; targets: Target[] }> {
  const columns: string[] = [];
  const warmFigures = [];
  const coldFigures = [];
  const loopFigures = [];
  const targets: Target[] = [];
  for (const { subject, needed, ...counts } of subjects) {
    for (const width of inFlight) {
      const samples = { warm: [] as number[], cold: [] as number[], loop: [] as number[] };
      const runs = { warm: Math.max(counts.warm, 2 * width), cold: Math.max(counts.cold, 2 * width) };
      for (let round = 0; round < rounds; round++) {
        samples.loop.push(await forkLoopRate(warm, input, subject, runs.warm, width));
        samples.cold.push(await perSecond(cold, subject, runs.cold, width));
        samples.warm.push(await perSecond(warm, subject, runs.warm, width));
      }
      columns.push(`${subject.title}, ${width} in flight`);
      const figures = { warm: figureOf(samples.warm), cold: figureOf(samples.cold), loop: figureOf(samples.loop) };
      warmFigures.push(figures.warm);
      coldFigures.push(figures.cold);
      loopFigures.push(figures.loop);
      targets.push({
        what: `${subject.title}, ${width} in flight, over cold`,
        needed,
        bound: "at least",
        measured: advantage(figures.warm, figures.cold, "more").median,
        unit: "×",
        limit: { what: forkLoopName, measured: advantage(figures.loop, figures.cold, "more").median },
      });
    }
  }
  const table: Table = {
    id: "throughput",
    title: "Scripts through the engine, from emit to the recorded outcome",
    unit: "runs a second",
    better: "more",
    scale: "log",
    columns,
    rows: [
      { name: "warm", figures: warmFigures },
      { name: "cold", figures: coldFigures },
      { name: forkLoopName, figures: loopFigures },
    ],
    subject: "warm",
  };
  return { table, targets };
}

async function perSecond(site: Site, subject: Subject, count: number, width: number): Promise<number> {
  return (count / (await endure(site, subject, count, width))) * 1000;
}

/** From emit to the first line of the script, one at a time. */
async function measureLatency(warm: Site, cold: Site, input: RunInput): Promise<{ table: Table; targets: Target[] }> {
  const shares = [0.5, 0.99];
  const columns: string[] = [];
  type Figures = ReturnType<typeof figureOf>[];
  const figures = { warm: [] as Figures, cold: [] as Figures, loop: [] as Figures };
  const targets: Target[] = [];
  for (const subject of [stampPython, stampPerl]) {
    const samples = { warm: [] as number[], cold: [] as number[] };
    for (let turn = -5; turn < sized(100, 3); turn++) {
      const pair = { cold: await untilStamp(cold, subject), warm: await untilStamp(warm, subject) };
      if (turn < 0) continue;
      samples.cold.push(pair.cold);
      samples.warm.push(pair.warm);
    }
    const loop = await forkLoopLatencies(warm, input, subject, sized(100, 3));
    for (const share of shares) {
      columns.push(`${subject.title}, p${share * 100}`);
      figures.warm.push(figureOf([quantile(samples.warm, share)]));
      figures.cold.push(figureOf([quantile(samples.cold, share)]));
      figures.loop.push(figureOf([quantile(loop, share)]));
    }
    const measured = quantile(samples.warm, 0.5) / quantile(samples.cold, 0.5);
    targets.push({
      what: `p50 latency over cold, ${subject.title}`,
      needed: 0.1,
      bound: "at most",
      measured,
      unit: "×",
      limit: { what: forkLoopName, measured: quantile(loop, 0.5) / quantile(samples.cold, 0.5) },
    });
  }
  const table: Table = {
    id: "latency",
    title: "From emit to the first line of a script",
    unit: "milliseconds",
    better: "less",
    scale: "log",
    columns,
    rows: [
      { name: "warm", figures: figures.warm },
      { name: "cold", figures: figures.cold },
      { name: forkLoopName, figures: figures.loop },
    ],
    subject: "warm",
  };
  return { table, targets };
}

async function untilStamp(site: Site, subject: Subject): Promise<number> {
  const begin = process.hrtime.bigint();
  await endure(site, subject, 1, 1);
  const stamp = BigInt(await readFile(join(site.folder, "stamp"), "utf8"));
  return Number(stamp - begin) / 1e6;
}
