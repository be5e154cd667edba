import { withFolder } from "../harness/folder.js";
import { sized } from "../harness/options.js";
import { advantageOver, type Table, type Target } from "../harness/result.js";
import { interleave } from "../harness/rounds.js";
import { type Figure, figureOf } from "../harness/statistics.js";
import { askedLoopName, cLoopName, runCLoop } from "./c-loop.js";
import { childProcess, childProcessName } from "./child-process.js";
import { execaLaunching } from "./execa.js";
import type { Launching } from "./launching.js";
import { ourName, ours } from "./ours.js";
import { holdResident } from "./resident.js";
import { threadFloor, threadFloorName } from "./thread-floor.js";
import { longestStall, type Turn, takeTurn } from "./turn.js";

const inFlightCounts = sized([1, 8, 64], [1, 8]);
const residents = sized([50, 1024], [50]);
const milliseconds = sized(500, 100);

interface Case {
  inFlight: number;
  residentMiB: number;
  rates: Map<string, number[]>;
  turns: Map<string, Turn[]>;
  /** Milliseconds, one for each round. */
  stalls: Map<string, number[]>;
}

/** Launches a second, and what each costs the event loop. */
export async function measureThroughput(baseline: string): Promise<{ tables: Table[]; targets: Target[] }> {
  const launchings = [ours(), childProcess(), execaLaunching(), threadFloor()];
  const cases: Case[] = [];
  for (const wanted of residents) {
    const residentMiB = Math.round(holdResident(wanted));
    for (const inFlight of inFlightCounts) cases.push(await measureCase(launchings, baseline, inFlight, residentMiB));
  }
  for (const launching of launchings) await launching.close();
  const tables = [rateTable(cases), ...loopTables(cases)];
  return { tables, targets: targetsOf(tables, cases) };
}

async function measureCase(
  launchings: readonly Launching[],
  baseline: string,
  inFlight: number,
  residentMiB: number,
): Promise<Case> {
  const warmups = 1;
  const turns = new Map<string, Turn[]>(launchings.map(({ name }) => [name, []]));
  const times = await interleave(
    [
      ...launchings.map((launching) => ({
        name: launching.name,
        async turn() {
          const turn = await withFolder((folder) => takeTurn(launching, { milliseconds, inFlight, folder }));
          turns.get(launching.name)?.push(turn);
          return 1000 / turn.launchesPerSecond;
        },
      })),
      ...[cLoopName, askedLoopName].map((name) => ({
        name,
        turn: () =>
          withFolder(async (folder) => {
            const asked = name === askedLoopName;
            return 1000 / (await runCLoop(baseline, { milliseconds, inFlight, folder, residentMiB, asked }));
          }),
      })),
    ],
    { rounds: sized(15, 2), warmups },
  );
  times.delete(threadFloorName);
  const rates = new Map([...times].map(([name, launchMs]) => [name, launchMs.map((time) => 1000 / time)]));
  for (const [name, all] of turns) turns.set(name, all.slice(warmups));
  const stalls = await measureStalls(
    launchings.filter(({ name }) => name !== threadFloorName),
    inFlight,
  );
  return { inFlight, residentMiB, rates, turns, stalls };
}

function measureStalls(launchings: readonly Launching[], inFlight: number): Promise<Map<string, number[]>> {
  return interleave(
    launchings.map((launching) => ({
      name: launching.name,
      turn: () => withFolder((folder) => longestStall(launching, { milliseconds, inFlight, folder })),
    })),
    { rounds: sized(5, 1), warmups: 0 },
  );
}

function rateTable(cases: readonly Case[]): Table {
  const names = [...(cases[0]?.rates.keys() ?? [])];
  return {
    id: "throughput",
    title: "Launching /bin/true: detached, output to a file, exit status collected",
    unit: "launches a second",
    better: "more",
    scale: "log",
    columns: cases.map(headOf),
    rows: names.map((name) => ({ name, figures: cases.map(({ rates }) => figureOrNull(rates.get(name))) })),
    subject: ourName,
  };
}

function loopTables(cases: readonly Case[]): Table[] {
  const names = [...(cases[0]?.turns.keys() ?? [])];
  const table = (
    id: string,
    title: string,
    unit: string,
    of: (one: Case, name: string) => readonly number[] | undefined,
  ): Table => ({
    id,
    title,
    unit,
    better: "less",
    scale: "log",
    columns: cases.map(headOf),
    rows: names.map((name) => ({ name, figures: cases.map((one) => figureOrNull(of(one, name))) })),
    subject: ourName,
  });
  const each = "milliseconds a launch";
  return [
    table("call", "Event loop held by the call that launches", each, ({ turns }, name) =>
      turns.get(name)?.map(({ callMs }) => callMs),
    ),
    table("loop", "Event loop busy, hearing of the end included", each, ({ turns }, name) =>
      turns.get(name)?.map(({ loopMs }) => loopMs),
    ),
    table("stall", "Longest stall of the event loop while launching", "milliseconds", ({ stalls }, name) =>
      stalls.get(name),
    ),
  ];
}

function targetsOf(tables: readonly Table[], cases: readonly Case[]): Target[] {
  const [rates, call, loop] = tables;
  if (rates === undefined || call === undefined || loop === undefined) return [];
  return cases.flatMap((one, column): Target[] => {
    const over = (table: Table, row: string) => advantageOver(table, row, column)?.median ?? Number.NaN;
    const head = headOf(one);
    const target = (what: string, needed: number, table: Table, peer: string, limit?: string): Target => {
      const measured = over(table, peer);
      const plain: Target = { what: `${what}, ${head}`, needed, bound: "at least", measured, unit: "×" };
      return limit === undefined
        ? plain
        : { ...plain, limit: { what: limit, measured: measured / over(table, limit) } };
    };
    const isSmall = one.residentMiB < 512;
    return [
      target("launch rate over the C loop", 0.8, rates, cLoopName, askedLoopName),
      target(`launch rate over ${childProcessName}`, isSmall ? 6 : 20, rates, childProcessName, cLoopName),
      target(`event loop held by the call, under ${childProcessName}`, 100, call, childProcessName, threadFloorName),
      target(`event loop busy, under ${childProcessName}`, 100, loop, childProcessName, threadFloorName),
    ];
  });
}

function headOf({ inFlight, residentMiB }: Case): string {
  return `${inFlight} in flight, ${residentMiB.toLocaleString("en-US")} MiB`;
}

function figureOrNull(samples: readonly number[] | undefined): Figure | null {
  return samples === undefined || samples.length === 0 ? null : figureOf(samples);
}
