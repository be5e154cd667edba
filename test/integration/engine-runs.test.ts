import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { openEngine, temporarySite } from "../support/temporary-site.js";

test("a Python callback runs for its event and its output is filed", async () => {
  const site = temporarySite({
    "callbacks.conf": "hello.py = complete-job-self\n",
    "hello.py": 'job = qb.jobinfo("-id", qb.jobid())[0]\nprint("%(id)s: %(name)s" % job)\n',
  });
  const { engine, told, ended } = await openEngine(site);
  expect(engine.submit({ id: 1001, name: "shot010" })).toBe(0);
  expect(engine.emit("complete-job-1001")).toBe(1);
  expect(told.map(({ state }) => state)).toEqual(["queued"]);
  await engine.idle();

  expect(told.map(({ state }) => state)).toEqual(["queued", "running", "succeeded"]);
  const [run] = ended;
  expect(run).toMatchObject({ callback: "hello.py", callbackId: "0/hello.py", jobId: 1001, exitCode: 0, reason: null });
  expect(run?.pid).toBeGreaterThan(0);
  expect(run?.log).toBe(`${site.logPath}/job/1000/1001/1001.cb`);
  const lines = readFileSync(run?.log ?? "", "utf8").split("\n");
  expect(lines[0]).toContain(`=== run ${run?.id} hello.py on complete-job-1001 at `);
  expect(lines[1]).toBe("1001: shot010");
  expect(lines[2]).toContain(`=== end ${run?.id} exit 0 after `);
  expect(readdirSync(dirname(run?.log ?? ""))).toEqual(["1001.cb"]);
});

test("a Perl callback runs with qb at hand", async () => {
  const site = temporarySite({
    "callbacks.conf": "check.pl = done-work-self-*\n",
    "check.pl":
      'use strict; use warnings;\nmy ($job) = qb::jobinfo("-id", qb::jobid());\nprint "$qb::jobid $job->{name} $ENV{UCB_EVENT_EXTRA}\\n";\n',
  });
  const { engine, ended } = await openEngine(site);
  engine.submit({ id: 7, name: "lamp" });
  engine.emit("failed-work-7-frame 12");
  await engine.idle();
  expect(ended).toHaveLength(1);
  expect(readFileSync(ended[0]?.log ?? "", "utf8")).toContain("\n7 lamp frame 12\n");
});

test.each([
  ["calls sys.exit(3)", "import sys\nsys.exit(3)\n", { state: "failed", exitCode: 3, reason: "exit 3" }],
  [
    "kills itself",
    "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    { state: "failed", exitCode: null, signal: "SIGKILL", reason: "killed by SIGKILL" },
  ],
  ["raises", "raise ValueError('no such shot')\n", { state: "failed", exitCode: 1, reason: "exit 1" }],
])("a callback that %s is reported for it", async (_, text, expected) => {
  const site = temporarySite({ "callbacks.conf": "a.py = complete-job-self\n", "a.py": text });
  const { engine, ended } = await openEngine(site);
  engine.emit("complete-job-1");
  await engine.idle();
  expect(ended).toEqual([expect.objectContaining(expected)]);
});

test("a callback that does not end is ended at its timeout, and reported as slow before", async () => {
  const site = temporarySite({
    "callbacks.conf": "sleep.py = complete-job-self\n[sleep.py]\ntimeout = 2s\n",
    "sleep.py":
      "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('asleep')\ntime.sleep(600)\n",
  });
  const { engine, ended } = await openEngine(site, { killAfterMs: 200 });
  const slow: string[] = [];
  engine.on("slow", (run) => slow.push(run.state));
  engine.emit("complete-job-1");
  await engine.idle();
  expect(slow).toEqual(["running"]);
  expect(ended).toEqual([
    expect.objectContaining({ state: "timed-out", signal: "SIGKILL", reason: "timed out, killed by SIGKILL" }),
  ]);
  expect(readFileSync(ended[0]?.log ?? "", "utf8")).toContain("\nasleep\n");
});

test("a callback that writes 100 MB costs the engine nothing and all of it is filed", async () => {
  const site = temporarySite({
    "callbacks.conf": "flood.py = complete-job-self\nquick.py = complete-job-self\n",
    "flood.py": "import sys\nfor _ in range(100):\n    sys.stdout.write('x' * 1048575 + '\\n')\n",
    "quick.py": "print('here')\n",
  });
  const { engine, ended } = await openEngine(site);
  engine.emit("complete-job-1");
  await engine.idle();
  expect(ended.map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
  const log = readFileSync(ended[0]?.log ?? "");
  expect(log.length).toBeGreaterThan(100 * 1048576);
  const text = log.toString("latin1");
  expect(text.match(/^=== (run|end) /gm)).toHaveLength(4);
  expect(text).toMatch(/^=== run \S+ quick\.py .*\nhere\n=== end /m);
});

test("a hundred runs that end together never mix their output", async () => {
  const site = temporarySite({
    "callbacks.conf": "frame.pl = complete-work-self-*\n",
    "frame.pl": 'for my $line (1 .. 50) { print "frame $ENV{UCB_EVENT_EXTRA} line $line\\n"; }\n',
  });
  const { engine, ended } = await openEngine(site);
  for (let frame = 1; frame <= 100; frame++) engine.emit({ name: "complete", type: "work", jobId: 5, extra: frame });
  await engine.idle();
  expect(ended.filter(({ state }) => state === "succeeded")).toHaveLength(100);
  const blocks = readFileSync(ended[0]?.log ?? "", "utf8")
    .split(/^=== run .*\n/m)
    .slice(1);
  expect(blocks).toHaveLength(100);
  for (const block of blocks) {
    const frame = /^frame (\d+) /.exec(block)?.[1];
    const lines = Array.from({ length: 50 }, (_, index) => `frame ${frame} line ${index + 1}\n`).join("");
    expect(block.startsWith(`${lines}=== end `)).toBe(true);
  }
});

test("a script that vanished fails its own run and nobody else's", async () => {
  const site = temporarySite({
    "callbacks.conf": "gone.py = complete-job-self\nstays.py = complete-job-self\n",
    "gone.py": "print(1)\n",
    "stays.py": "print(2)\n",
  });
  const { engine, ended } = await openEngine(site);
  const { rmSync } = await import("node:fs");
  rmSync(`${site.directory}/gone.py`);
  engine.emit("complete-job-1");
  await engine.idle();
  expect(Object.fromEntries(ended.map(({ callback, state }) => [callback, state]))).toEqual({
    "gone.py": "failed",
    "stays.py": "succeeded",
  });
});

test("a log folder that cannot be made fails the run with the reason", async () => {
  const site = temporarySite({ "callbacks.conf": "a.py = complete-job-self\n", "a.py": "print(1)\n" });
  const { engine, ended } = await openEngine(site, { logPath: "/proc/nowhere" });
  engine.emit("complete-job-1");
  await engine.idle();
  expect(ended).toEqual([expect.objectContaining({ state: "failed", pid: null, exitCode: null })]);
  expect(ended[0]).toMatchObject({ code: "ERR_UCB_LOG" });
  expect(ended[0]?.reason).toBe("its output cannot go below /proc/nowhere: mkdir /proc/nowhere: ENOENT");
  expect(existsSync("/proc/nowhere")).toBe(false);
});
