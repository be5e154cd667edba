import { runChild } from "../harness/child.js";
import { compileC } from "../harness/compile-c.js";
import { report } from "../harness/report.js";
import type { Target } from "../harness/result.js";
import { figureOf } from "../harness/statistics.js";
import type { Stall } from "./floor.js";
import type { Weather } from "./weather.js";

// Each in a process of its own, so that none finds memory that another has left.
const storms: Weather[] = [];
for (const storm of ["functions", "scripts"]) storms.push(await runChild<Weather>("storm-child", [storm], []));

const baseline = await compileC("launch/baseline.c", "launch-baseline");
const clock = await runChild<Stall>("storm-child", ["clock", baseline], []);
const work = await runChild<Stall>("storm-child", ["work", baseline], []);

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
      rows: [...storms, clock, work].map(({ name, stallMs, stallP999Ms }) => ({
        name,
        figures: [figureOf([stallMs]), figureOf([stallP999Ms])],
      })),
    },
    {
      id: "memory",
      title: "Storm: memory and the way through the queue",
      unit: "as each column says",
      better: "less",
      scale: "log",
      columns: ["MiB resident at most, over before", "runs waiting at most", "seconds until all had ended"],
      rows: storms.map(({ name, grownMiB, queuedMost, seconds }) => ({
        name,
        figures: [figureOf([grownMiB]), figureOf([queuedMost]), figureOf([seconds])],
      })),
    },
  ],
  storms.map(
    ({ name, stallMs }): Target => ({
      what: `longest stall, ${name}`,
      needed: 10,
      bound: "at most",
      measured: stallMs,
      unit: " ms",
      limit: { what: work.name, measured: work.stallMs },
    }),
  ),
  storms.map(({ name, events, runs }) => `${name}: ${events} events, ${runs} runs`),
);
