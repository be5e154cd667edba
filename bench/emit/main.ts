import { runChild } from "../harness/child.js";
import { sized } from "../harness/options.js";
import { report } from "../harness/report.js";
import { advantageOver, type Table, type Target } from "../harness/result.js";
import { interleave } from "../harness/rounds.js";
import { type Figure, figureOf } from "../harness/statistics.js";
import type { Allocation } from "./allocation.js";
import { bareName, eventEmitter2Name, makeEmitters, ourName } from "./emitters.js";

const sizes = [10, 1000];

const rate = await measureRate();
const allocation = await measureAllocation();
await report("emit", [rate, allocation.table], [...rateTargets(rate), ...allocation.targets]);

/** Events that nobody listens to, but for the bare emitter, whose one listener hears of all. */
async function measureRate(): Promise<Table> {
  const rates = new Map<string, Figure[]>();
  for (const [index, size] of sizes.entries()) {
    const { emitters, events, close } = await makeEmitters(size, 3000 + index, sized(65_536, 2048));
    const times = await interleave(
      emitters.map(({ name, emitAll }) => ({ name, turn: () => void emitAll(events) })),
      { rounds: sized(25, 2), warmups: sized(3, 1) },
    );
    for (const [name, milliseconds] of times) {
      const figure = figureOf(milliseconds.map((time) => events.length / time / 1000));
      rates.set(name, [...(rates.get(name) ?? []), figure]);
    }
    await close();
  }
  return {
    id: "rate",
    title: "An event that fires nothing, the whole engine",
    unit: "million events a second",
    better: "more",
    scale: "log",
    columns: sizes.map((size) => `${size.toLocaleString("en-US")} rules`),
    rows: [...rates].map(([name, figures]) => ({ name, figures })),
    subject: ourName,
    notes: [`${bareName} calls one listener for each event and matches nothing.`],
  };
}

function rateTargets(table: Table): Target[] {
  return sizes.map((size, column) => ({
    what: `emit that fires nothing, ${size} rules, over ${eventEmitter2Name}`,
    needed: 2,
    bound: "at least",
    measured: advantageOver(table, eventEmitter2Name, column)?.median ?? Number.NaN,
    unit: "×",
  }));
}

async function measureAllocation(): Promise<{ table: Table; targets: Target[] }> {
  const samples = new Map<string, number[]>();
  for (let round = 0; round < sized(3, 1); round++) {
    // Megabytes of the young generation's halves.
    const flags = ["--min-semi-space-size=256", "--max-semi-space-size=256"];
    for (const { name, bytesPerEvent } of await runChild<Allocation[]>("emit-allocation", [], flags)) {
      samples.set(name, [...(samples.get(name) ?? []), bytesPerEvent]);
    }
  }
  const table: Table = {
    id: "allocation",
    title: "What an event that fires nothing allocates, 1,000 rules",
    unit: "bytes an event",
    better: "less",
    scale: "linear",
    columns: ["JavaScript heap"],
    rows: [...samples].map(([name, values]) => ({ name, figures: [figureOf(values)] })),
  };
  const own = figureOf(samples.get(ourName) ?? []).median;
  // The question itself costs a fraction of a byte an event.
  return {
    table,
    targets: [
      { what: "allocated by an emit that fires nothing", needed: 1, bound: "at most", measured: own, unit: " B" },
    ],
  };
}
