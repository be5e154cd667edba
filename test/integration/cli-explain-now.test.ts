import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, onTestFinished, test, vi } from "vitest";
import { runCommand, startCommand } from "../support/run-command.js";
import { type TemporarySite, temporarySite } from "../support/temporary-site.js";

const patience = { timeout: 30_000, interval: 10 };

const files = {
  "both.py": "print('both')\n",
  "once.py": "print('once')\n",
  "off.py": "print('off')\n",
  "fails.py": "raise SystemExit('no database')\n",
  "callbacks.conf": [
    "both.py = done-work-self-1 && done-work-self-2",
    "once.py = done-job-self",
    "off.py = done-job-self",
    "fails.py = failed-job-self",
    "missing.py = done-job-self",
    "[once.py]",
    "throttle = 1/1h per job",
    "[off.py]",
    "enabled = no",
    "[fails.py]",
    "breaker = 1, 1h\n",
  ].join("\n"),
};

async function startDaemon(site: TemporarySite, ...options: string[]) {
  const socket = site.path("socket");
  const command = startCommand(["run", site.directory, "--socket", socket, "--logpath", site.logPath, ...options]);
  onTestFinished(() => void command.child.kill("SIGKILL"));
  await vi.waitUntil(() => command.stderr.includes("listening on"), patience);
  return { command, ask: (...args: string[]) => runCommand([...args, "--socket", socket]), socket };
}

test("a daemon says what an event would do for a job as it stands now, and why the rest would not", async () => {
  const site = temporarySite(files);
  const { ask, command, socket } = await startDaemon(site, "--http", "127.0.0.1:0");
  await ask("emit", "submit-job-6");
  await ask("emit", "complete-work-6-2");
  const fires = await ask("explain", "done-work-6-1");
  expect(fires).toMatchObject({ code: 0, stderr: "" });
  expect(fires.stdout).toMatch(/✓ both\.py: .*\n {2}for job 6 it fires\n {4}✓ done-work-self-1: it happens to job 6\n/);
  expect(fires.stdout).toMatch(/✓ done-work-self-2: it happened before: complete-work-6-2 at \d+-/);
  expect(fires.stdout).toMatch(/left out because of errors:\n.*callbacks\.conf:5:1: .*missing\.py/);
  expect(fires.stdout).toMatch(/done-work-6-1 fires 1 of 4 callbacks now\n$/);
  const waits = await ask("explain", "done-work-6-3");
  expect(waits.code).toBe(1);
  expect(waits.stdout).toMatch(/✗ done-work-self-1: missing: extra "1" does not match "3"/);
  expect((await ask("explain", "done-work-9-1")).stdout).toContain(
    "its job is not attached: no submit-job was reported",
  );

  await ask("emit", "done-job-6");
  const throttled = await ask("explain", "done-job-6");
  expect(throttled.code).toBe(1);
  expect(throttled.stdout).toMatch(
    /✗ once\.py: .*\n {2}for job 6 it fires, but is not run until \S+: throttled: no more/,
  );
  expect(throttled.stdout).toMatch(/✗ off\.py is switched off: .*\n {2}for job 6 it would fire\n/);
  await ask("emit", "done-job-6");
  const [dropped] = JSON.parse((await ask("runs", "--state", "dropped", "--json")).stdout).runs;
  expect((await ask("explain", "--run", dropped.id)).stdout).toMatch(
    /fired on done-job-6 .*\n {2}it was not run: throttled: no more/,
  );
  await ask("emit", "failed-job-6");
  await vi.waitUntil(() => command.stderr.includes("is paused"), patience);
  const paused = await ask("explain", "failed-job-7");
  expect(paused.code).toBe(0);
  expect(paused.stdout).toMatch(
    /for job 7 it fires, but waits: the callback is paused until \S+: 1 runs? in a row failed/,
  );

  // Nothing of this was reported.
  const { status } = JSON.parse((await ask("status", "--json")).stdout);
  expect(status.counters["0/both.py"]).toBeUndefined();
  const fromEnvironment = await runCommand(["explain", "done-work-6-1", "--now", "--json"], {
    env: { UCB_CONTROL: socket },
  });
  expect(JSON.parse(fromEnvironment.stdout)).toMatchObject({
    explain: {
      ...{ event: "done-work-6-1", isAttached: true },
      triggers: [{ callback: "both.py", fires: true }, { fires: false }, { enabled: false }, { fires: false }],
      leftOut: [{ code: "ERR_UCB_CALLBACK_MISSING", line: 5 }],
    },
  });
  const base = /http:\/\/127\.0\.0\.1:\d+/.exec(command.stderr)?.[0] ?? "";
  expect(await (await fetch(`${base}/explain?event=done-work-6-1`)).json()).toEqual(JSON.parse(fromEnvironment.stdout));
  expect((await fetch(`${base}/explain?event=nonsense`)).status).toBe(400);
});

test("the record of --job counts as if the event carried it", async () => {
  const site = temporarySite({ "sim.py": "", "callbacks.conf": "sim.py = done-job-'sim'\n" });
  const { ask } = await startDaemon(site);
  await ask("emit", "submit-job-1", "--job", write(site, { id: 1, pgrp: 1 }));
  await ask("emit", "submit-job-2", "--job", write(site, { id: 2, pgrp: 1 }));
  expect((await ask("explain", "done-job-2")).stdout).toContain('label is "sim", job 2 has none');
  const carried = await ask("explain", "done-job-2", "--job", write(site, { id: 2, label: "sim" }));
  expect(carried).toMatchObject({ code: 0, stdout: expect.stringMatching(/✓ sim\.py: .*\n {2}for job 1 it fires/) });
  const several = await ask("explain", "done-job-2", "--job", write(site, [{ id: 1 }, { id: 2, label: "sim" }]));
  expect(several).toEqual(carried);
  const others = await ask("explain", "done-job-2", "--job", write(site, [{ id: 1 }, { id: 3 }]));
  expect(others).toMatchObject({ code: 1, stderr: expect.stringMatching(/none of the 2 records .* is of job 2/) });
  const wrong = await ask("explain", "done-job-2", "--job", write(site, { id: 3 }));
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringMatching(/carries the record of job 3/) });
});

test("of a daemon that has stopped its state says so, and nothing in it changes", async () => {
  const site = temporarySite(files);
  const state = site.path("state");
  const { ask, command } = await startDaemon(site, "--state", state);
  await ask("emit", "submit-job-6");
  await ask("emit", "complete-work-6-2");
  const stopped = () => runCommand(["explain", "done-work-6-1", site.directory, "--state", state]);
  expect(await stopped()).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/a running daemon has the state.*\nhint: .*--socket/),
  });
  command.child.kill("SIGTERM");
  await command.ended;
  const before = readFileSync(`${state}/journal.mdb`);
  const result = await stopped();
  expect(result.code).toBe(0);
  expect(result.stdout).toMatch(/✓ done-work-self-2: it happened before; by which event is not known any more/);
  expect(result.stdout).toMatch(/done-work-6-1 fires 1 of 4 callbacks now/);
  expect(readFileSync(`${state}/journal.mdb`).equals(before)).toBe(true);
  const nothing = await runCommand(["explain", "done-work-6-1", site.directory, "--state", site.directory]);
  expect(nothing).toMatchObject({ code: 1, stderr: expect.stringMatching(/there is no state in/) });
  expect(readdirSync(site.directory)).not.toContain("lock");
});

test.each([
  [["--now", "--state", "state"], /--state is of a daemon that has stopped/],
  [["--now", "callbacks"], /a daemon has a configuration of its own/],
  [["--run", "01", "--now"], /ucb: .*--run/],
])("%j is wrong usage", async (args, message) => {
  expect(await runCommand(["explain", "done-job-1", ...args])).toMatchObject({
    ...{ code: 2, stderr: expect.stringMatching(message) },
  });
});

function write(site: TemporarySite, job: object): string {
  const path = site.path("job.json");
  writeFileSync(path, JSON.stringify(job));
  return path;
}
