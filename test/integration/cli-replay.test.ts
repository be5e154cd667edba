import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { ndjson } from "../support/ndjson.js";
import { type CommandResult, runCommand, runOnTerminal, startCommand } from "../support/run-command.js";
import { type TemporarySite, temporarySite } from "../support/temporary-site.js";

const patience = { timeout: 30_000, interval: 10 };
/** 2026-09-21T14:13:20Z, a whole minute of Qube time less forty seconds. */
const start = 1_790_000_000_000;

const files = {
  "done.py": "print('done', qb.jobid())\n",
  "both.py": "print('both')\n",
  "tick.py": "print('tick')\n",
  "sim.py": "print('sim')\n",
  "off.py": "print('off')\n",
  "callbacks.conf": [
    "done.py = done-job-self",
    "both.py = done-work-self-1 && done-work-self-2",
    "tick.py = dummy-repeat-self-0-60",
    "sim.py = done-job-'sim'",
    "off.py = done-job-self",
    "[done.py]",
    "throttle = 1/10m per callback",
    "[off.py]",
    "enabled = no\n",
  ].join("\n"),
};

const recorded = [
  line(0, "submit-job-1", { job: { id: 1, label: "render", pgrp: 1 } }),
  line(1, "submit-job-2", { job: { id: 2, label: "sim", pgrp: 1 } }),
  line(2, "done-work-1-1"),
  line(3, "done-work-1-2"),
  line(4, "done-job-2"),
  line(50, "removed-job-2"),
  line(110, "done-job-1"),
];

function line(seconds: number, event: string, records: object = {}): string {
  return `${JSON.stringify({ at: start + seconds * 1000, event, ...records })}\n`;
}

function siteWith(text: string): { site: TemporarySite; file: string } {
  const site = temporarySite(files);
  const file = site.path("events.ndjson");
  writeFileSync(file, text);
  return { site, file };
}

interface Line {
  firing?: { callback: string; jobId: number };
  replay?: { callbacks: object[] };
}

function summed({ stdout }: CommandResult) {
  const lines = ndjson(stdout) as unknown as Line[];
  return {
    firings: lines.flatMap(({ firing }) => (firing === undefined ? [] : [firing])),
    replay: lines.at(-1)?.replay,
  };
}

test("recorded events are replayed with what triggers remember, other jobs, times and throttle", async () => {
  const { site, file } = siteWith(recorded.join(""));
  const result = await runCommand(["replay", file, site.directory, "--json"]);
  expect(result).toMatchObject({ code: 0, stderr: "" });
  const { firings, replay } = summed(result);
  const at = (seconds: number) => start + seconds * 1000;
  expect(firings).toEqual([
    { callback: "both.py", event: "done-work-1-2", jobId: 1, at: at(3) },
    { callback: "done.py", event: "done-job-2", jobId: 2, at: at(4) },
    { callback: "sim.py", event: "done-job-2", jobId: 1, at: at(4) },
    { callback: "tick.py", event: "dummy-repeat-1-0-60", jobId: 1, at: at(40) },
    { callback: "tick.py", event: "dummy-repeat-2-0-60", jobId: 2, at: at(40) },
    { callback: "tick.py", event: "dummy-repeat-1-0-60", jobId: 1, at: at(100) },
    { callback: "done.py", event: "done-job-1", jobId: 1, at: at(110), throttled: true },
  ]);
  expect(replay).toMatchObject({ events: 7, missing: 0, refused: 0, from: start, to: at(110) });
  expect(replay?.callbacks).toContainEqual({
    ...{ callback: "off.py", fires: 0, throttled: 0, first: null, last: null },
    enabled: false,
  });

  const { code, stdout } = await runCommand(["replay", file, site.directory]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^done\.py +2 +1 +2026-09-21T14:13:24.000Z +2026-09-21T14:15:10.000Z$/m);
  expect(stdout).toMatch(/^off\.py +off$/m);
  expect(stdout).toMatch(/^7 events from 2026-\S+ to 2026-\S+: 7 firings of 4 of 5 callbacks$/m);
});

test("what was before --from is remembered and does not count, what comes after --to is not read", async () => {
  const { site, file } = siteWith(recorded.join(""));
  const span = ["--from", String(start + 3000), "--to", new Date(start + 110_000).toISOString()];
  const { firings, replay } = summed(await runCommand(["replay", file, site.directory, "--json", ...span]));
  expect(firings.map(({ callback, jobId }) => `${callback} ${jobId}`)).toEqual([
    ...["both.py 1", "done.py 2", "sim.py 1"],
    ...["tick.py 1", "tick.py 2"],
  ]);
  expect(replay).toMatchObject({ events: 3 });
  expect((await runCommand(["replay", file, "--from", "yesterday"])).code).toBe(2);
});

test("lines that are no events are told with file and number, and cost the others nothing", async () => {
  const text = `nonsense\n${line(0, "done-job-1")}{"ask":"status"}\n\n${line(1, "done-jib-1")}{"event":"don`;
  const { site, file } = siteWith(text);
  const people = await runCommand(["replay", file, site.directory]);
  expect(people.code).toBe(1);
  expect(people.stdout).toMatch(/1 event from .*: 1 firing of 1 of 5 callbacks/);
  expect(people.stderr).toContain(`ucb: ${file}:1: not JSON`);
  expect(people.stderr).toContain(`ucb: ${file}:3: the line asks something and reports no event`);
  expect(people.stderr).toContain(`ucb: ${file}:5: `);
  expect(people.stderr).toContain(`ucb: ${file} ends in the middle of a line, which is left out`);
  const programs = await runCommand(["replay", file, site.directory, "--json"]);
  expect(ndjson(programs.stdout)).toMatchObject([
    { error: { file, line: 1, code: "ERR_UCB_INPUT" } },
    { firing: {} },
    { error: { file, line: 3 } },
    { error: { file, line: 5, code: "ERR_UCB_EVENT" } },
    { replay: { refused: 3, events: 1 } },
  ]);
});

test("events without a time fire, but no time passes", async () => {
  const { site } = siteWith("");
  const input = ["submit-job-1", "done-job-1", "done-job-1"].map((event) => `${JSON.stringify({ event })}\n`).join("");
  const result = await runCommand(["replay", "-", site.directory, "--json"], { input });
  expect(result).toMatchObject({ code: 0, stderr: expect.stringMatching(/the events have no times/) });
  expect(summed(result).firings).toEqual([
    { callback: "done.py", event: "done-job-1", jobId: 1, at: null },
    { callback: "done.py", event: "done-job-1", jobId: 1, at: null },
  ]);
  const span = await runCommand(["replay", "-", site.directory, "--from", "0"], { input });
  expect(span).toMatchObject({ code: 1, stderr: expect.stringMatching(/3 events without a time are left out/) });
});

test("files that were begun before are read first, however they are named", async () => {
  const { site, file } = siteWith(line(3, "running-job-3") + line(4, "done-job-4"));
  writeFileSync(`${file}.1`, line(2, "done-job-2"));
  writeFileSync(`${file}.2`, line(1, "done-job-1"));
  const jobs = async (...named: string[]) =>
    summed(await runCommand(["replay", ...named, site.directory, "--json"])).firings.map(({ jobId }) => jobId);
  expect(await jobs(file)).toEqual([1, 2, 4]);
  expect(await jobs(file, `${file}.1`, `${file}.2`)).toEqual([1, 2, 4]);
  expect(await jobs(`${file}.1`, `${file}.2`)).toEqual([1, 2]);
  expect(await jobs(`${file}.2`)).toEqual([1]);
});

test("with --run it is done really, and the jobs of before --from are known", async () => {
  const { site, file } = siteWith(recorded.join(""));
  // What is due at a time of the real clock may be due now.
  writeFileSync(join(site.directory, "callbacks.conf"), files["callbacks.conf"].replace(/^tick\.py.*\n/m, ""));
  const options = ["--run", "--logpath", site.logPath, "--from", String(start + 4000)];
  const result = await runCommand(["replay", file, site.directory, ...options]);
  expect(result.stderr).toContain("2 jobs of before are attached");
  // The second run of done.py is throttled, which counts as one that was not run.
  expect(result.code).toBe(1);
  expect(result.stdout).toMatch(/^0\/done\.py +2 +1 +0 +0 +0 +0 +1$/m);
  expect(result.stdout).toMatch(/^0\/sim\.py +1 +1 /m);
  expect(result.stdout).toMatch(/^3 events: 3 runs$/m);
  expect(readFileSync(join(site.logPath, "job/0/1/1.cb"), "utf8")).toContain("\nsim\n");
  const json = await runCommand(["replay", file, site.directory, "--json", "--run", "--logpath", site.logPath]);
  const lines = ndjson(json.stdout);
  expect(lines.filter(({ run }) => run?.state === "succeeded")).toHaveLength(3);
  expect(lines.at(-1)).toMatchObject({ replay: { events: 7, counters: { "0/both.py": { fired: 1, succeeded: 1 } } } });
});

test("what fires nothing, and what is no recording, is no success", async () => {
  const { site, file } = siteWith(line(0, "running-job-1"));
  expect(await runCommand(["replay", file, site.directory])).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/: none of 5 callbacks fires/),
  });
  const missing = await runCommand(["replay", site.path("missing"), site.directory]);
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringMatching(/missing cannot be read: ENOENT/) });
  expect(await runCommand(["replay", site.directory])).toMatchObject({ code: 2 });
});

test("a terminal is told how far it has come, and nobody else", async () => {
  const { site, file } = siteWith(recorded.join("").repeat(4_000));
  const shown = await runOnTerminal(["replay", file, site.directory], { columns: 100 });
  expect(shown.stdout).toMatch(/\[K\d+ %, \d+ events/);
  const told = await runCommand(["replay", file, site.directory]);
  expect(told).toMatchObject({ code: 0, stderr: "" });
});

test("a daemon records what it takes over its socket, HTTP and from files, and that is replayed", async () => {
  const { site, file: input } = siteWith('{"event":"done-job-3"}\nnonsense\n');
  const file = site.path("recorded.ndjson");
  const socket = site.path("socket");
  const daemon = startCommand([
    ...["run", site.directory, "--socket", socket, "--http", "127.0.0.1:0", "--logpath", site.logPath],
    ...["--record", file, "--events", input],
  ]);
  onTestFinished(() => void daemon.child.kill("SIGKILL"));
  await vi.waitUntil(() => daemon.stderr.includes("http://"), patience);
  await vi.waitUntil(() => statSync(file).size > 0, patience);
  await runCommand(["emit", "done-job-1", "--socket", socket]);
  const base = /http:\/\/127\.0\.0\.1:\d+/.exec(daemon.stderr)?.[0] ?? "";
  const body = '{"event":"complete-work-2-7","work":{"name":"7"}}\nnonsense\n';
  await (await fetch(`${base}/events`, { method: "POST", body })).text();
  const { stdout: status } = await runCommand(["status", "--socket", socket]);
  expect(status).toContain(`events are recorded to ${file}\n`);
  expect(await (await fetch(`${base}/metrics`)).text()).toContain("ucb_events_unrecorded_total 0");
  daemon.child.kill("SIGTERM");
  await daemon.ended;
  expect(ndjson(readFileSync(file, "utf8"))).toEqual([
    { at: expect.any(Number), event: "done-job-3" },
    { at: expect.any(Number), event: "done-job-1" },
    { at: expect.any(Number), event: "complete-work-2-7", work: { name: "7" } },
  ]);
  const { firings } = summed(await runCommand(["replay", file, site.directory, "--json"]));
  expect(firings.map(({ jobId }) => jobId)).toEqual([3, 1]);
  const again = await runCommand(["run", site.directory, "--events", file, "--logpath", site.logPath]);
  expect(again).toMatchObject({ code: 0 });
});

test("a recording is refused where events are read from it, and where others could lead it elsewhere", async () => {
  const { site, file } = siteWith(recorded.join(""));
  const args = ["run", site.directory, "--logpath", site.logPath, "--events", file];
  const itself = await runCommand([...args, "--record", file]);
  expect(itself).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/events are read from it/) });
  const shared = await runCommand([...args, "--record", "/tmp/ucb-recording"]);
  expect(shared).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/written to by everybody/) });
  expect((await runCommand([...args, "--record", file, "--record-size", "much"])).code).toBe(2);
});
