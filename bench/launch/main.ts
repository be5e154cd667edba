import { compileC } from "../harness/compile-c.js";
import { report } from "../harness/report.js";
import { measureLatency } from "./latency.js";
import { measureThroughput } from "./throughput.js";

const baseline = await compileC("launch/baseline.c", "launch-baseline");
const firstInstruction = await compileC("launch/first-instruction.c", "launch-first-instruction");

// Latency first: it is measured in a process that does not yet hold more memory than it needs.
const latency = await measureLatency(firstInstruction);
const throughput = await measureThroughput(baseline);
await report("launch", [...throughput.tables, latency.table], [...throughput.targets, ...latency.targets]);
