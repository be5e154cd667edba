import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compileProgram } from "../../lib/trigger/compile.js";
import { parseTriggerOrThrow } from "../../lib/trigger/parse.js";
import { withFolder } from "../harness/folder.js";
import { sized } from "../harness/options.js";
import { report } from "../harness/report.js";
import type { Table } from "../harness/result.js";
import { figureOf } from "../harness/statistics.js";
import { rememberingWorkload } from "../match/remembering.js";
import { triggerText } from "../match/rule.js";
import { makeEvents, makeRules } from "../match/workload.js";
import { buildProgram, countInstructions, findValgrind } from "./callgrind.js";

const sizes = sized([10, 1000, 100_000], [10, 1000]);

const valgrind = await findValgrind();
if (valgrind === null) {
  process.stdout.write("\ninstructions: skipped, valgrind is not installed (apt-get install valgrind)\n");
} else {
  const table = await withFolder(count);
  await report("instructions", [table], [], [valgrind]);
}

async function count(folder: string): Promise<Table> {
  const program = await buildProgram();
  const rows: { name: string; instructions: number }[] = [];
  const measure = async (name: string, measured: string, args: readonly string[]): Promise<void> => {
    rows.push({ name, instructions: await countInstructions(program, { measured, args, folder }) });
  };
  const eventCount = sized(20_000, 1000);
  const write = async (name: string, content: string | Uint8Array): Promise<string> => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  for (const [index, size] of sizes.entries()) {
    const rules = makeRules(size, 1000 + index);
    const path = await write("rules", compiledOf(rules.map(triggerText)));
    const head = `rules: ${size.toLocaleString("en-US")}`;
    const mixed = await write("events", makeEvents(rules, eventCount, 2000 + index).join("\n"));
    await measure(`match an event, ${head}`, "MeasuredMatch", ["match", path, mixed]);
    await measure(`match an event of a batch, ${head}`, "MeasuredBatch", ["batch", path, mixed]);
    const silent = await write("events", makeEvents(rules, eventCount, 2000 + index, 0).join("\n"));
    await measure(`match an event that fires nothing, ${head}`, "MeasuredMatch", ["match", path, silent]);
  }
  const jobCount = sized(100_000, 5000);
  const waiting = rememberingWorkload(jobCount, eventCount);
  const remembering = await write("rules", compiledOf(waiting.triggers));
  const happenings = await write("events", waiting.events.join("\n"));
  await measure("match an event that && rules may remember", "MeasuredMatch", [
    ...["remember", remembering, happenings, String(jobCount)],
  ]);
  await measure("attach a job", "MeasuredAttach", ["attach", String(sized(100_000, 10_000))]);
  await measure("enqueue a launch", "MeasuredLaunch", ["launch", "200"]);
  return {
    id: "core",
    title: "The core's hot paths",
    unit: "instructions",
    better: "less",
    scale: "linear",
    columns: ["each"],
    rows: rows.map(({ name, instructions }) => ({ name, figures: [figureOf([instructions])] })),
  };
}

function compiledOf(triggers: readonly string[]): Uint8Array {
  return compileProgram(
    triggers.map((text, callback) => ({ callback, key: `${callback}`, trigger: parseTriggerOrThrow(text) })),
  );
}
