import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CallbackEngine } from "../../lib/engine/callback-engine.js";
import { packageRoot } from "../../lib/package-root.js";

/** One of the scripts that are run, and the event that fires it. */
export interface Subject {
  title: string;
  file: string;
  event: string;
}

const pythonCapture = `import json, os, sys, time
with open("document.json", "w") as file:
    file.write(sys.stdin.read())
with open("environment.part", "w") as file:
    json.dump(dict(os.environ), file)
os.rename("environment.part", "environment.json")
while not os.path.exists("released"):
    time.sleep(0.05)
`;
const pythonStamp = "import time\nopen('stamp', 'w').write(str(time.monotonic_ns()))\n";
/** Asks the kernel itself: the module that could do it takes milliseconds to load. */
const perlStamp = `my $time = "\\0" x 16;
syscall(${process.arch === "arm64" ? 113 : 228}, 1, $time);
my ($seconds, $nanoseconds) = unpack("qq", $time);
open(my $stamp, ">", "stamp") or die;
printf $stamp "%d%09d", $seconds, $nanoseconds;
`;

export const submitted: Subject = subject("submitted.py", "complete");
export const checkWork: Subject = subject("checkWork.pl", "failed");
export const plainPerl: Subject = subject("plain.pl", "timeout");
export const stampPython: Subject = subject("stamp.py", "blocked");
export const stampPerl: Subject = subject("stamp.pl", "running");
/** Writes down what it is given, and then waits: as long as it runs, its token lets others ask the supervisor as well. */
export const capture: Subject = subject("capture.py", "killed");
export const sleeper: Record<"python" | "perl", Subject> = {
  python: subject("sleep.py", "suspended"),
  perl: subject("sleep.pl", "waiting"),
};

function subject(file: string, name: string): Subject {
  return { title: file, file, event: `${name}-work-1001-17` };
}

/** An engine of its own folder, with the callbacks above. */
export interface Site {
  folder: string;
  engine: CallbackEngine;
}

export async function openSite(parent: string, warm: "yes" | "no"): Promise<Site> {
  const folder = join(parent, warm === "yes" ? "warm" : "cold");
  const examples = join(packageRoot, "examples", "site");
  await mkdir(join(folder, "log"), { recursive: true });
  for (const { file } of [submitted, checkWork]) await copyFile(join(examples, file), join(folder, file));
  const texts: Record<string, string> = {
    "plain.pl": 'print "job $ENV{QBJOBID}\\n";\n',
    "capture.py": pythonCapture,
    "stamp.py": pythonStamp,
    "stamp.pl": perlStamp,
    "sleep.py":
      "import os, time\nopen('asleep', 'a').write('x')\nwhile not os.path.exists('awake'):\n    time.sleep(0.01)\n",
    "sleep.pl":
      "open my $sign, '>>', 'asleep'; print $sign 'x'; close $sign; select undef, undef, undef, 0.01 until -e 'awake';\n",
  };
  for (const [file, text] of Object.entries(texts)) await writeFile(join(folder, file), text, { mode: 0o600 });
  const all = [submitted, checkWork, plainPerl, capture, stampPython, stampPerl, sleeper.python, sleeper.perl];
  const lines = all.map(({ file, event }) => `${file} = ${event.split("-")[0]}-work-self-*\n`);
  const sections = `[*]\nwarm = ${warm}\nenv.SUBMITTED_FILE = ${join(folder, "log", "submitted.txt")}\n`;
  await writeFile(join(folder, "callbacks.conf"), `${lines.join("")}${sections}`, { mode: 0o600 });
  const engine = await CallbackEngine.open({
    directories: [folder],
    logPath: join(folder, "log"),
    strict: true,
    maxRunning: 64,
  });
  engine.submit({
    id: 1001,
    name: "shot010",
    user: "ana",
    status: "running",
    agenda: [{ name: "17", status: "complete", count: 1, host: "node1", result: "/etc/hostname" }],
  });
  return { folder, engine };
}

/** Emits so that `inFlight` runs are under way until `count` have ended. Resolves to the milliseconds that took. */
export async function endure({ engine }: Site, { event }: Subject, count: number, inFlight: number): Promise<number> {
  const begin = performance.now();
  let emitted = 0;
  let ended = 0;
  await new Promise<void>((resolve, reject) => {
    const emit = () => {
      emitted += 1;
      engine.emit(event);
    };
    const listener = ({ state, reason }: { state: string; reason: string | null }) => {
      if (state === "queued" || state === "running") return;
      if (state !== "succeeded") {
        engine.off("run", listener);
        reject(new Error(`a run ${state}: ${reason}`));
        return;
      }
      ended += 1;
      if (emitted < count) emit();
      if (ended < count) return;
      engine.off("run", listener);
      resolve();
    };
    engine.on("run", listener);
    for (let index = 0; index < Math.min(inFlight, count); index++) emit();
  });
  return performance.now() - begin;
}
