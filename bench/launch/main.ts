import { runChild } from "../harness/child.js";
import { compileC } from "../harness/compile-c.js";
import { report } from "../harness/report.js";
import type { Table, Target } from "../harness/result.js";
import { measureThroughput } from "./throughput.js";

const baseline = await compileC("launch/baseline.c", "launch-baseline");
const firstInstruction = await compileC("launch/first-instruction.c", "launch-first-instruction");

const throughput = await measureThroughput(baseline);
// In a process of its own, because this one now holds a gigabyte.
const latency = await runChild<{ table: Table; targets: Target[] }>("launch-latency", [firstInstruction], []);
await report("launch", [...throughput.tables, latency.table], [...throughput.targets, ...latency.targets]);
