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
const storms: Weather[][] = [[], []];
const floors: Stall[][] = [[], []];
// By turns, and each in a process of its own, so that none finds memory that another has left.
for (let round = 0; round < rounds; round++) {
  for (const [index, name] of ["functions", "scripts"].entries()) {
    storms[index]?.push(await runChild<Weather>("storm-child", [name], []));
  }
  for (const [index, name] of ["clock", "work"].entries()) {
    floors[index]?.push(await runChild<Stall>("storm-child", [name, baseline], []));
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
      rows: [...storms, ...floors].map((samples) => ({
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
      rows: storms.map((samples) => ({
        name: nameOf(samples),
        figures: figures(samples, ["grownMiB", "queuedMost", "seconds"]),
      })),
    },
  ],
  storms.map(
    (samples): Target => ({
      what: `longest stall, ${nameOf(samples)}`,
      needed: 10,
      bound: "at most",
      measured: figures(samples, ["stallMs"])[0]?.median ?? Number.NaN,
      unit: " ms",
      limit: {
        what: nameOf(floors[1] ?? []),
        measured: figures(floors[1] ?? [], ["stallMs"])[0]?.median ?? Number.NaN,
      },
    }),
  ),
  storms.map((samples) => `${nameOf(samples)}: ${samples[0]?.events} events, ${samples[0]?.runs} runs`),
);

function nameOf(samples: readonly { name: string }[]): string {
  return samples[0]?.name ?? "";
}
