// Workers that end in the middle of launches, over and over; prints how they ended and what is left.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { heldBeyond, launcherThreads, settledHoldings } from "./holdings.mjs";
import { endingOf, heard } from "./worker-ending.mjs";

const [way, rounds, atOnce] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "ucb-worker-"));
const endings = {};

async function one(index) {
  const worker = new Worker(new URL("busy-worker.mjs", import.meta.url), {
    workerData: { way, log: join(folder, `log-${index}`) },
  });
  const ended = endingOf(worker);
  // Not before its modules are loaded: what Node.js has open for reading them then stays open.
  const [loaded, atWork] = [heard(worker, "loaded"), heard(worker, "at work")];
  if (way === "terminate at once") await loaded;
  if (way === "terminate at work" || way === "block" || way === "close") await atWork;
  if (way === "terminate later") {
    await loaded;
    // Each at a moment of its own.
    await new Promise((resolve) => setTimeout(resolve, index * 2));
  }
  if (!way.endsWith("when told")) worker.terminate();
  const ending = await ended;
  endings[ending] = (endings[ending] ?? 0) + 1;
}

async function several(round) {
  await Promise.all(Array.from({ length: Number(atOnce) }, (_, index) => one(round * Number(atOnce) + index)));
}

await several(0);
const before = await settledHoldings();
for (let round = 1; round < Number(rounds); round += 1) await several(round);
const left = await heldBeyond(before);
rmSync(folder, { recursive: true });
console.log(JSON.stringify({ endings, left, threads: launcherThreads() }));
