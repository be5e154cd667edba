import { execFile, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { CallbackEngine } from "../../lib/engine/callback-engine.js";
import { Launcher } from "../../lib/execute/launcher.js";
import { withFolder } from "../harness/folder.js";
import { sized } from "../harness/options.js";
import type { Table, Target } from "../harness/result.js";
import { figureOf, quantile } from "../harness/statistics.js";
import { childProcessName } from "./child-process.js";
import { ourName } from "./ours.js";

const python = "import time\nopen('stamp', 'w').write(str(time.monotonic_ns()))\n";
/** Asks the kernel itself: the module that could do it takes milliseconds to load. */
const perl = `my $time = "\\0" x 16;
syscall(${process.arch === "arm64" ? 113 : 228}, 1, $time);
my ($seconds, $nanoseconds) = unpack("qq", $time);
open(my $stamp, ">", "stamp") or die;
printf $stamp "%d%09d", $seconds, $nanoseconds;
`;

/** Starts something and resolves once it has ended; it leaves the time of its first instruction in the folder's stamp. */
interface Starter {
  name: string;
  start(): Promise<void>;
}

interface Program {
  title: string;
  samples: number;
  starters: readonly [Starter, Starter];
}

/** From the call to the first instruction of what it starts, one at a time on an idle machine. */
export async function measureLatency(firstInstruction: string): Promise<{ table: Table; targets: Target[] }> {
  return await withFolder(async (folder) => {
    const launcher = new Launcher();
    const engine = await openEngine(folder);
    const programs: Program[] = [
      {
        title: "a C program",
        samples: sized(1000, 10),
        starters: [launched(launcher, firstInstruction, folder), spawned(firstInstruction, [], folder)],
      },
      {
        title: "a Python script",
        samples: sized(600, 5),
        starters: [
          emitted(engine, "complete-work-1001-17"),
          spawned(await pathOfPython(), [join(folder, "first.py")], folder),
        ],
      },
      {
        title: "a Perl script",
        samples: sized(600, 5),
        starters: [
          emitted(engine, "failed-work-1001-17"),
          spawned("/usr/bin/perl", [join(folder, "first.pl")], folder),
        ],
      },
    ];
    const latencies = new Map<string, number[][]>([
      [ourName, []],
      [childProcessName, []],
    ]);
    for (const program of programs) {
      const measured = await measureProgram(program, folder);
      for (const [name, samples] of measured) latencies.get(name)?.push(samples);
    }
    await engine.close();
    await launcher.close();
    return tableOf(programs, latencies);
  });
}

async function measureProgram(program: Program, folder: string): Promise<Map<string, number[]>> {
  const measured = new Map<string, number[]>(program.starters.map(({ name }) => [name, []]));
  const warmups = 3;
  for (let round = -warmups; round < program.samples; round++) {
    const [one, other] = program.starters;
    for (const starter of round % 2 === 0 ? [one, other] : [other, one]) {
      await pause(2);
      const begin = process.hrtime.bigint();
      await starter.start();
      const stamp = BigInt((await readFile(join(folder, "stamp"), "utf8")).trim());
      await writeFile(join(folder, "stamp"), "");
      if (stamp < begin) throw new Error(`${starter.name}: ${program.title} left no new stamp`);
      if (round >= 0) measured.get(starter.name)?.push(Number(stamp - begin) / 1e6);
    }
  }
  return measured;
}

/** Through the whole engine: matched, queued, its environment and document made, launched, its output filed. */
function emitted(engine: CallbackEngine, event: string): Starter {
  return {
    name: ourName,
    async start() {
      if (engine.emit(event) !== 1) throw new Error(`${event} fired nothing`);
      await engine.idle();
    },
  };
}

function launched(launcher: Launcher, file: string, cwd: string): Starter {
  const output = join(cwd, "stamp");
  return {
    name: ourName,
    async start() {
      await launcher.launch({ file, cwd, output }).exited;
    },
  };
}

function spawned(file: string, args: readonly string[], cwd: string): Starter {
  return {
    name: childProcessName,
    start() {
      return new Promise((resolve, reject) => {
        const output = openSync(join(cwd, args.length === 0 ? "stamp" : "spawned.out"), "a");
        const child = spawn(file, args, { detached: true, stdio: ["ignore", output, output], cwd, env: {} });
        closeSync(output);
        child.on("error", reject);
        child.on("exit", () => resolve());
      });
    },
  };
}

async function openEngine(folder: string): Promise<CallbackEngine> {
  await mkdir(join(folder, "log"));
  const mode = { mode: 0o600 };
  await writeFile(join(folder, "first.py"), python, mode);
  await writeFile(join(folder, "first.pl"), perl, mode);
  const conf = "first.py = complete-work-self-*\nfirst.pl = failed-work-self-*\n[*]\nwarm = no\n";
  await writeFile(join(folder, "callbacks.conf"), conf, mode);
  return await CallbackEngine.open({ directories: [folder], logPath: join(folder, "log"), strict: true });
}

/** What `python3` is may be a script that looks for it, which is not what is measured. */
async function pathOfPython(): Promise<string> {
  const { stdout } = await promisify(execFile)("python3", ["-c", "import sys; print(sys.executable)"]);
  return stdout.trim();
}

function tableOf(
  programs: readonly Program[],
  latencies: Map<string, number[][]>,
): { table: Table; targets: Target[] } {
  const shares = [0.5, 0.99];
  const table: Table = {
    id: "latency",
    title: "From emit, or the call that launches, to the first instruction",
    unit: "milliseconds",
    better: "less",
    scale: "linear",
    columns: programs.flatMap(({ title }) => shares.map((share) => `${title}, p${share * 100}`)),
    rows: [...latencies].map(([name, all]) => ({
      name,
      figures: all.flatMap((samples) => shares.map((share) => figureOf([quantile(samples, share)]))),
    })),
    subject: ourName,
    notes: [
      "Ours: scripts through the whole engine, with qb loaded and a document on stdin; the C program through the launcher.",
    ],
  };
  const targets = table.columns.map((column, index): Target => {
    const [own, other] = table.rows.map(({ figures }) => figures[index]?.median ?? Number.NaN);
    const measured = (own ?? Number.NaN) / (other ?? Number.NaN);
    return { what: `latency over ${childProcessName}, ${column}`, needed: 1, bound: "at most", measured, unit: "×" };
  });
  return { table, targets };
}
