import { runChild } from "../harness/child.js";
import { compileC } from "../harness/compile-c.js";
import { sized } from "../harness/options.js";
import { report } from "../harness/report.js";
import type { Target } from "../harness/result.js";
import { type Figure, figureOf } from "../harness/statistics.js";
import type { Stall } from "./floor.js";
import type { Weather } from "./weather.js";

const rounds = sized(7, 1);
const baseline = await compileC("launch/baseline.c", "launch-baseline");
const storms = { functions: [] as Weather[], scripts: [] as Weather[] };
const floors = { clock: [] as Stall[], work: [] as Stall[] };
// By turns, and each in a process of its own, so that none finds memory that another has left.
for (let round = 0; round < rounds; round++) {
  for (const [name, samples] of Object.entries(storms)) samples.push(await runChild("storm-child", [name], []));
  for (const [name, samples] of Object.entries(floors)) {
    samples.push(await runChild("storm-child", [name, baseline], []));
  }
}

function figures<Key extends string>(samples: readonly Record<Key, number>[], keys: readonly Key[]): Figure[] {
  return keys.map((key) => figureOf(samples.map((sample) => sample[key])));
}

await report(
  "storm",
  [
    {
      id: "stall",
      title: "Storm: 1 % of the events fire",
      unit: "milliseconds the event loop was held at most",
      better: "less",
      scale: "linear",
      columns: ["longest stall", "p99.9"],
      rows: [...Object.values(storms), ...Object.values(floors)].map((samples) => ({
        name: nameOf(samples),
        figures: figures(samples, ["stallMs", "stallP999Ms"]),
      })),
    },
    {
      id: "memory",
      title: "Storm: memory and the way through the queue",
      unit: "as each column says",
      better: "less",
      scale: "log",
      columns: ["MiB resident at most, over before", "runs waiting at most", "seconds until all had ended"],
      rows: Object.values(storms).map((samples) => ({
        name: nameOf(samples),
        figures: figures(samples, ["grownMiB", "queuedMost", "seconds"]),
      })),
    },
  ],
  Object.values(storms).map(
    (samples): Target => ({
      what: `longest stall, ${nameOf(samples)}`,
      needed: 10,
      bound: "at most",
      measured: longestStall(samples),
      unit: " ms",
      limit: { what: nameOf(floors.work), measured: longestStall(floors.work) },
    }),
  ),
  Object.values(storms).map((samples) => `${nameOf(samples)}: ${samples[0]?.events} events, ${samples[0]?.runs} runs`),
);

function longestStall(samples: readonly Stall[]): number {
  return figureOf(samples.map(({ stallMs }) => stallMs)).median;
}

function nameOf(samples: readonly { name: string }[]): string {
  return samples[0]?.name ?? "";
}
