// Workers with engines of their own that end in the middle of their work; prints how they ended and what is left.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { heldBeyond, launcherThreads, settledHoldings } from "./holdings.mjs";
import { endingOf, heard } from "./worker-ending.mjs";

const [folder, way, rounds, atOnce] = process.argv.slice(2);
process.env.TMPDIR = folder;
delete process.env.XDG_RUNTIME_DIR;
const directory = mkdtempSync(join(folder, "callback-"));
const files = {
  "callbacks.conf": "quick.pl = complete-work-self-*\nslow.pl = complete-work-self-*\nask.pl = complete-work-self-*\n",
  "quick.pl": 'print "here\\n";\n',
  "slow.pl": "select(undef, undef, undef, 0.05);\n",
  "ask.pl": 'my @jobs = qb::jobinfo("-id", 77);\n',
};
for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text, { mode: 0o644 });
const endings = {};

async function one(index) {
  const logPath = join(folder, `log-${index}`);
  mkdirSync(logPath);
  const worker = new Worker(new URL("busy-engine-worker.mjs", import.meta.url), {
    workerData: { way, directory, logPath },
  });
  const ended = endingOf(worker);
  const [atWork, closed] = [heard(worker, "at work"), heard(worker, "closed")];
  // Not before: files that Node.js has just opened, and processes that it has started, stay with this process if their
  // worker is ended before it knows of them. At work there are only ours.
  if (way.startsWith("terminate")) await atWork;
  // Each at a moment of its own.
  if (way === "terminate later") await new Promise((resolve) => setTimeout(resolve, index * 7));
  if (way.startsWith("terminate")) worker.terminate();
  if (way.startsWith("close ")) {
    await closed;
    endings.closed = (endings.closed ?? 0) + 1;
  }
  const ending = await ended;
  endings[ending] = (endings[ending] ?? 0) + 1;
  rmSync(logPath, { recursive: true, force: true });
}

async function several(round) {
  await Promise.all(Array.from({ length: Number(atOnce) }, (_, index) => one(round * Number(atOnce) + index)));
}

await several(0);
const before = await settledHoldings();
for (let round = 1; round < Number(rounds); round += 1) await several(round);
const left = await heldBeyond(before);
const folders = readdirSync(folder).filter((name) => name.startsWith("ucb-bridge-")).length;
console.log(JSON.stringify({ endings, left, threads: launcherThreads(), folders }));
