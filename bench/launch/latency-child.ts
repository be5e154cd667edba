import { measureLatency } from "./latency.js";

const [, , firstInstruction] = process.argv;
if (firstInstruction === undefined)
  throw new Error("the program that writes the time of its first instruction is missing");
process.stdout.write(JSON.stringify(await measureLatency(firstInstruction)));
