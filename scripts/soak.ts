/**
 * `npm run test:soak -- [launches] [--seed N]`: launches 100,000 processes (or as many as are asked for), most through a
 * launcher and one in twenty events through an engine, as fast as the machine allows, with faults of every kind.
 *
 * Each line shows what this process holds when everything it has launched so far has ended:
 *   launches   processes started or refused by the launcher; the engine's runs stand in the next column
 *   fds        open file descriptors; threads; children, zombies included
 *   rss, heap  resident memory and JavaScript's live objects, in MB, after a full garbage collection
 * The line marked "warm" comes after the first tenth: by then every path has been taken and every cache filled. At the end
 * descriptors, threads and children must be what they were then, to the last one; what is live in JavaScript's heap may
 * have grown by 4 MB and resident memory by 32 MB. The heap is where a record that is never let go of would be, and is
 * known exactly; resident memory also holds what allocators keep for later, which comes and goes by some megabytes but not
 * with the number of launches: a leak of 400 bytes each would be 40 MB after 100,000.
 *
 * Exits with 1 if anything was left, grew, or ended in a way it should not have; the seed makes the same choices again.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Launcher } from "../lib/execute/launcher.js";
import { Random } from "../test/support/random.js";
import { heldBeyond, holdings, launcherThreads } from "../test/support/scenarios/holdings.mjs";
import { SoakLaunches } from "./soak-launches.js";
import { SoakRuns } from "./soak-runs.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string", default: String(Date.now() % 2 ** 31) } },
});
const total = Number(positionals[0] ?? 100_000);
const seed = Number(values.seed);
if (!Number.isSafeInteger(total) || total < 100 || !Number.isSafeInteger(seed)) {
  console.error("usage: npm run test:soak -- [launches, 100 or more] [--seed N]");
  process.exit(2);
}

/** Launches and events under way at once. */
const launchesAtOnce = 48;
const eventsAtOnce = 8;
const parts = 10;
const allowedHeapMb = 4;
const allowedRssMb = 32;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const folder = mkdtempSync(join(tmpdir(), "ucb-soak-"));
// The engine's own temporary files are to be seen, too.
process.env.TMPDIR = folder;
delete process.env.XDG_RUNTIME_DIR;
const complaints: string[] = [];
/** What whoever runs this holds already, such as the compiler's process. */
const first = holdings();
const random = new Random(seed);

/** Keeps `atOnce` of something under way until `count` have been begun; resolves when all have ended. */
function keepBusy(count: number, atOnce: number, begin: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    let begun = 0;
    let running = 0;
    const next = () => {
      while (running < atOnce && begun < count) {
        begun++;
        running++;
        begin(() => {
          running--;
          setImmediate(next);
        });
      }
      if (running === 0) resolve();
    };
    next();
  });
}

interface Measure {
  held: ReturnType<typeof holdings>;
  rss: number;
  heap: number;
}

function measure(label: string, launches: number, runs: number): Measure {
  for (let round = 0; round < 3; round++) collectGarbage();
  const { rss, heapUsed } = process.memoryUsage();
  const held = holdings();
  const cells = [launches, runs, held.descriptors, held.threads, held.children, mb(rss), mb(heapUsed), label];
  console.log(cells.map((cell) => String(cell).padStart(9)).join(""));
  return { held, rss: rss / 1e6, heap: heapUsed / 1e6 };
}

const mb = (bytes: number) => (bytes / 1e6).toFixed(1);

async function soak(launcher: Launcher, soakRuns: SoakRuns): Promise<void> {
  const launches = new SoakLaunches(launcher, random, folder);
  const begunAt = performance.now();
  console.log(
    ["launches", "runs", "fds", "threads", "children", "rss", "heap", ""].map((cell) => cell.padStart(9)).join(""),
  );
  let warm: Measure | null = null;
  let last: Measure | null = null;
  for (let part = 1; part <= parts; part++) {
    const count = Math.round((total * part) / parts) - Math.round((total * (part - 1)) / parts);
    const log = join(folder, "blocks");
    await Promise.all([
      keepBusy(count, launchesAtOnce, (done) => launches.launch(done)),
      keepBusy(Math.ceil(count / 20), eventsAtOnce, (done) => soakRuns.emit(done)),
      keepBusy(Math.ceil(count / 50), 4, (done) => {
        const block = {
          log: random.below(4) === 0 ? "/proc/nowhere/log" : log,
          header: "block\n",
          body: "x".repeat(1000),
        };
        launcher.appendLog(block).then(done, done);
      }),
    ]);
    await launcher.idle();
    await soakRuns.engine.idle();
    for (const name of readdirSync(folder)) if (/^(output-|blocks)/.test(name)) rmSync(join(folder, name));
    last = measure(part === 1 ? "warm" : "", Math.round((total * part) / parts), soakRuns.runs);
    warm ??= last;
  }
  const seconds = (performance.now() - begunAt) / 1000;
  console.log(`${Math.round(total / seconds)} launches and ${Math.round(soakRuns.runs / seconds)} runs a second`);
  console.log([...launches.counts].map(([name, count]) => `${name} ${count}`).join(", "));
  if (warm !== null && last !== null) await compare(warm, last);
  for (const surprise of [...launches.surprises, ...soakRuns.surprises]) complaints.push(surprise);
}

async function compare(warm: Measure, last: Measure): Promise<void> {
  for (const [name, count] of Object.entries(await heldBeyond(warm.held))) {
    if (count > 0) complaints.push(`${count} ${name} more than when it was warm`);
  }
  if (last.heap - warm.heap > allowedHeapMb)
    complaints.push(`the heap has grown by ${(last.heap - warm.heap).toFixed(1)} MB`);
  if (last.rss - warm.rss > allowedRssMb)
    complaints.push(`resident memory has grown by ${(last.rss - warm.rss).toFixed(1)} MB`);
}

async function main(): Promise<void> {
  console.log(`soak: ${total} launches, seed ${seed}`);
  const soakRuns = await SoakRuns.open(folder, random);
  const launcher = new Launcher();
  await soak(launcher, soakRuns);
  await launcher.close();
  await soakRuns.engine.close();
  const children = holdings().children - first.children;
  if (children > 0) complaints.push(`${children} children are left`);
  if (launcherThreads().length > 0) complaints.push(`threads are left: ${launcherThreads().join(", ")}`);
  const left = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.out$|ucb-bridge-/.test(name),
  );
  if (left.length > 0) complaints.push(`temporary files are left: ${left.slice(0, 5).join(", ")}`);
}

try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const complaint of complaints.slice(0, 20)) console.error(`soak: ${complaint}`);
if (complaints.length > 20) console.error(`soak: and ${complaints.length - 20} more`);
if (complaints.length === 0) console.log("soak: nothing was left, and everything ended as it should");
process.exitCode = complaints.length === 0 ? 0 : 1;
