import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "./harness/bundle.js";

/** Each benchmark runs in a process of its own. */
const benchmarks: Readonly<Record<string, { source: string; flags: readonly string[] }>> = {
  match: { source: "match/main.ts", flags: ["--expose-gc"] },
  emit: { source: "emit/main.ts", flags: ["--expose-gc"] },
  memory: { source: "memory/main.ts", flags: [] },
  storm: { source: "storm/main.ts", flags: [] },
  instructions: { source: "instructions/main.ts", flags: [] },
  launch: { source: "launch/main.ts", flags: ["--expose-gc"] },
  warm: { source: "warm/main.ts", flags: [] },
};
/** What benchmarks start themselves. */
const helpers: Readonly<Record<string, string>> = {
  "launch-latency": "launch/latency-child.ts",
  "emit-allocation": "emit/allocation.ts",
  "storm-child": "storm/child.ts",
  "memory-subject": "memory/subject.ts",
};

const usage = `usage: npm run bench -- [${Object.keys(benchmarks).join(" | ")} …] [--short]
  --short  check that every benchmark runs and that peers agree; figures go to build-bench/results
`;

async function main(): Promise<number> {
  const { values, positionals } = readArguments();
  const chosen = positionals.length === 0 ? Object.keys(benchmarks) : positionals;
  const unknown = chosen.filter((name) => !(name in benchmarks));
  if (unknown.length > 0) {
    process.stderr.write(`no benchmark is called ${unknown.join(", ")}\n${usage}`);
    return 2;
  }
  const folder = await bundle({
    ...Object.fromEntries(Object.entries(benchmarks).map(([name, { source }]) => [name, source])),
    ...helpers,
  });
  let failures = 0;
  for (const name of chosen) {
    const flags = ["--enable-source-maps", ...(benchmarks[name]?.flags ?? [])];
    const child = spawn(
      process.execPath,
      [...flags, join(folder, `${name}.mjs`), ...(values.short ? ["--short"] : [])],
      {
        stdio: "inherit",
      },
    );
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    if (code === 0) continue;
    process.stderr.write(`${name} failed: ${signal ?? `exit ${code}`}\n`);
    failures++;
  }
  return failures === 0 ? 0 : 1;
}

function readArguments() {
  try {
    return parseArgs({ options: { short: { type: "boolean", default: false } }, allowPositionals: true });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  }
}

process.exitCode = await main();
