import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isAlive, until } from "../support/idle-farm.js";
import { ndjson } from "../support/ndjson.js";
import { type RunningCommand, runCommand, startCommand } from "../support/run-command.js";
import { type TemporarySite, temporarySite } from "../support/temporary-site.js";

const files = {
  "callbacks.conf": "gate.py = running-job-self\nnote.qcb = blocked-job-self\nquick.py = failed-job-self\n",
  // Says that it has begun, and ends when the file "open" is there.
  "gate.py": `import os, time
open("begun.tmp", "w").write(str(os.getpid()))
os.rename("begun.tmp", "begun")
while not os.path.exists("open"):
    time.sleep(0.01)
print("through the gate")
`,
  "note.qcb": "unblock-self\n",
  "quick.py": "",
};

function start(command: "run" | "fire", site: TemporarySite, ...more: string[]): RunningCommand {
  mkdirSync(site.path("runtime"), { mode: 0o700, recursive: true });
  const env = { XDG_RUNTIME_DIR: site.path("runtime"), TMPDIR: site.path("runtime") };
  const event = command === "fire" ? ["running-job-7"] : [];
  return startCommand([command, ...event, site.directory, "--logpath", site.logPath, ...more], { env });
}

async function begun(site: TemporarySite): Promise<number> {
  await until(() => readdirSync(site.directory).includes("begun"));
  return Number(readFileSync(`${site.directory}/begun`, "utf8"));
}

function openGate(site: TemporarySite): void {
  closeSync(openSync(`${site.directory}/open`, "w"));
}

test.each(["SIGINT", "SIGTERM"] as const)("%s takes no more events, and what was fired still runs", async (signal) => {
  const site = temporarySite(files);
  const command = start("run", site);
  command.child.stdin.write('{"event":"running-job-7"}\n');
  await begun(site);
  command.child.kill(signal);
  await command.said(`ucb: ${signal}: waiting for 1 run to end; a second signal ends it`);
  command.child.stdin.write('{"event":"blocked-job-8"}\n');
  openGate(site);
  const ended = await command.ended;
  expect(ended.signal).toBe(signal);
  expect(ndjson(ended.stdout)).toEqual([{ run: expect.objectContaining({ jobId: 7, state: "succeeded" }) }]);
  expect(readdirSync(site.path("runtime"))).toEqual([]);
});

test.each(["run", "fire"] as const)("a second signal ends what %s runs", async (name) => {
  const site = temporarySite(files);
  const command = start(name, site, "--json");
  if (name === "run") command.child.stdin.write('{"event":"running-job-7"}\n');
  const pid = await begun(site);
  command.child.kill("SIGINT");
  await command.said("SIGINT: waiting for 1 run");
  command.child.kill("SIGTERM");
  const ended = await command.ended;
  expect(ended.signal).toBe("SIGINT");
  expect(ndjson(ended.stdout)).toEqual([
    { run: expect.objectContaining({ jobId: 7, pid, state: "failed", signal: "SIGTERM" }) },
  ]);
  expect(isAlive(pid)).toBe(false);
  expect(readdirSync(site.path("runtime"))).toEqual([]);
});

test.each(["run", "fire"] as const)("a third signal ends %s itself, which says what it leaves behind", async (name) => {
  // Lasts until the gate is open, whatever it is told.
  const stubborn = `import signal\nsignal.signal(signal.SIGTERM, lambda *_: print("told to end"))\n${files["gate.py"]}`;
  const site = temporarySite({ ...files, "gate.py": stubborn });
  const command = start(name, site);
  if (name === "run") command.child.stdin.write('{"event":"running-job-7"}\n');
  const pid = await begun(site);
  command.child.kill("SIGINT");
  await command.said("SIGINT: waiting for 1 run");
  command.child.kill("SIGINT");
  await until(() => outputOf(site).includes("told to end"));
  command.child.kill("SIGTERM");
  const { signal, stderr } = await command.ended;
  expect(signal).toBe("SIGTERM");
  expect(stderr).toMatch(
    new RegExp(`\nucb: SIGTERM: gate\\.py for job 7 is left behind as process ${pid} \\(run \\w+\\)\n$`),
  );
  expect(isAlive(pid)).toBe(true);
  openGate(site);
  await until(() => !isAlive(pid));
});

/** What runs of job 7 have printed until now. */
function outputOf(site: TemporarySite): string {
  const folder = `${site.logPath}/job/0/7`;
  const files = readdirSync(folder).filter((name) => name.endsWith(".out"));
  return files.map((name) => readFileSync(`${folder}/${name}`, "utf8")).join("");
}

test.each([
  ["leave", "--state", "1 run goes on, and the next daemon with this state waits for it"],
  ["leave", null, "1 run goes on, and nobody waits for the end"],
  ["terminate", null, "ending 1 run"],
])("a daemon that is told to stop says what becomes of runs: %s %s", async (mode, state, text) => {
  const site = temporarySite(files);
  const kept = state === null ? [] : [state, site.path("state")];
  const command = start("run", site, "--socket", site.path("socket"), "--on-stop", mode, ...kept);
  await command.said("listening on");
  await runCommand(["emit", "running-job-7", "--socket", site.path("socket")]);
  const pid = await begun(site);
  command.child.kill("SIGTERM");
  const { signal, stderr } = await command.ended;
  expect(signal).toBe("SIGTERM");
  expect(stderr).toContain(`ucb: SIGTERM: ${text}\n`);
  expect(isAlive(pid)).toBe(mode === "leave");
  openGate(site);
  await until(() => !isAlive(pid));
});

test("a signal ends run at once where nothing runs, though its input stays open", async () => {
  const site = temporarySite(files);
  const command = start("run", site);
  command.child.stdin.write('{"event":"blocked-job-1"}\n');
  await command.said('"state":"succeeded"');
  command.child.kill("SIGTERM");
  expect((await command.ended).signal).toBe("SIGTERM");
  expect(command.stderr).toBe("ucb: SIGTERM: nothing runs\n");
});

test("a signal also ends run while it waits for somebody to open a named pipe", async () => {
  const site = temporarySite(files);
  expect(spawnSync("mkfifo", [site.path("pipe")]).status).toBe(0);
  const command = start("run", site, "--events", site.path("pipe"));
  // Its socket's folder is the last thing that is made before input is opened.
  await until(() => readdirSync(site.path("runtime")).length > 0);
  command.child.kill("SIGTERM");
  expect((await command.ended).signal).toBe("SIGTERM");
});

test("whoever reads the outcomes may go away: run ends quietly when its runs have", async () => {
  const site = temporarySite(files);
  const command = start("run", site);
  command.child.stdin.write('{"event":"running-job-7"}\n');
  await begun(site);
  command.child.stdout.destroy();
  command.child.stdin.write('{"event":"blocked-job-1"}\n');
  await until(() => readdirSync(`${site.logPath}/job/0`).includes("1"));
  openGate(site);
  const { code, signal, stderr } = await command.ended;
  expect({ code, signal, stderr }).toEqual({ code: 1, signal: null, stderr: "" });
  expect(readFileSync(`${site.logPath}/job/0/7/7.cb`, "utf8")).toContain("\nthrough the gate\n");
});

test.each([
  ["check", [], 0],
  ["list", [], 0],
  ["explain", ["running-job-7"], 0],
  ["explain", ["dummy-job-7"], 1],
])("%s %j keeps its exit code and says nothing where nobody reads", async (name, event, expected) => {
  const command = startCommand([name, ...event, temporarySite(files).directory]);
  command.child.stdout.destroy();
  const { code, stderr } = await command.ended;
  expect({ code, stderr }).toEqual({ code: expected, stderr: "" });
});

test("an answer that cannot be written is a failure", async () => {
  const site = temporarySite(files);
  const args = ["check", site.directory];
  const { stdout } = await runCommand(args);
  expect(stdout).toContain("3 callbacks");
  const full = openSync("/dev/full", "w");
  try {
    const { status, stderr } = spawnSync(process.execPath, ["dist/cli/main.js", ...args], {
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    expect(status).toBe(1);
    expect(stderr).toContain("ucb: the answer cannot be written: ENOSPC");
  } finally {
    closeSync(full);
  }
});

test("a reader of the outcomes that is slow gets all of them", async () => {
  const site = temporarySite(files);
  const command = start("run", site);
  const numbers = Array.from({ length: 20_000 }, (_, index) => index + 1);
  command.child.stdout.pause();
  command.child.stdin.end(numbers.map((number) => `no JSON ${number}\n`).join(""));
  // Its socket's folder is the last thing that is made before input is read.
  await until(() => readdirSync(site.path("runtime")).length > 0);
  command.child.stdout.resume();
  const { code, stdout } = await command.ended;
  expect(code).toBe(1);
  expect(ndjson(stdout).map(({ error }) => error?.line)).toEqual(numbers);
});
