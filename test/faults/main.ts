/**
 * `npm run test:faults -- [--kills N]`: a supervisor with a durable state is killed with SIGKILL at random moments while it
 * reports events, and started again, N times (100 by default). At the end everything that was flushed must have run, nothing
 * else, and nothing may be left behind. Prints figures, and exits with 1 if a promise was broken.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { writeSite } from "./site.js";
import { verify } from "./verify.js";

const { values } = parseArgs({ options: { kills: { type: "string", default: "100" } } });
const kills = Number(values.kills);
const program = resolve(import.meta.dirname, "supervisor.mjs");
const folder = mkdtempSync(join(tmpdir(), "ucb-faults-"));
const directory = writeSite(folder);
const complaints: string[] = [];
const totals = { recovered: 0 };

/** In milliseconds from when the process is made: from in the middle of its start to well under load. */
const earliest = 150;
const latest = 2000;

function start(life: number, drain: boolean): ChildProcess {
  const child = spawn(process.execPath, [program, JSON.stringify({ folder, directory, life, drain })], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    for (const line of text.trim().split("\n")) totals.recovered += JSON.parse(line).recovered;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => complaints.push(`life ${life}: ${text.trim()}`));
  return child;
}

async function liveAndDie(life: number): Promise<void> {
  const child = start(life, false);
  const ended = once(child, "exit");
  const timer = setTimeout(() => child.kill("SIGKILL"), earliest + Math.random() * (latest - earliest));
  const [code, signal] = await ended;
  clearTimeout(timer);
  if (signal !== "SIGKILL") complaints.push(`life ${life}: ended by itself, with ${signal ?? `exit code ${code}`}`);
}

async function drain(): Promise<void> {
  const child = start(0, true);
  const [code, signal] = await once(child, "exit");
  if (code !== 0) complaints.push(`the last supervisor ended with ${signal ?? `exit code ${code}`}`);
}

/** What callbacks and supervisors have left: processes, files that are not to stay, sockets. */
function remains(): string[] {
  const processes = readdirSync("/proc").filter((pid) => {
    try {
      return Number(pid) !== process.pid && readFileSync(`/proc/${pid}/environ`, "latin1").includes(folder);
    } catch {
      return false;
    }
  });
  const names = (path: string) => readdirSync(join(folder, path), { recursive: true }).map(String);
  return [
    ...processes.map((pid) => `process ${pid}`),
    ...names("log").filter((name) => name.endsWith(".out")),
    ...names("state").filter((name) => !/^(journal\.mdb|journal\.mdb-lock|lock)$/.test(name)),
    ...names(".").filter((name) => !/^(log|state|callback|marks|sent|flushed)(\/|$)/.test(name)),
  ];
}

try {
  const begin = Date.now();
  for (let life = 1; life <= kills; life++) {
    await liveAndDie(life);
    if (process.stdout.isTTY) process.stdout.write(`\r${life} of ${kills}`);
  }
  await drain();
  const { problems, figures } = verify(folder);
  const left = remains();
  const seconds = ((Date.now() - begin) / 1000).toFixed(0);
  console.log(`${process.stdout.isTTY ? "\r" : ""}kills      ${kills} in ${seconds} s`);
  for (const [name, value] of Object.entries({ ...figures, recovered: totals.recovered })) {
    console.log(`${name.padEnd(10)} ${value}`);
  }
  for (const thing of left) problems.push(`left behind: ${thing}`);
  if (figures.flushed === 0) problems.push("no event was flushed: nothing was tested");
  problems.push(...complaints);
  for (const problem of problems.slice(0, 50)) console.error(problem);
  if (problems.length > 0) {
    console.error(`${problems.length} problems; everything is in ${folder}`);
    process.exitCode = 1;
  } else {
    console.log("everything that was flushed has run, nothing else has, and nothing is left behind");
    rmSync(folder, { recursive: true, force: true });
  }
} finally {
  if (process.exitCode === undefined || process.exitCode === 0) rmSync(folder, { recursive: true, force: true });
}
