import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ndjson } from "../support/ndjson.js";
import { runCommand, startCommand } from "../support/run-command.js";
import { type TemporarySite, temporarySite } from "../support/temporary-site.js";

const files = {
  "callbacks.conf": `record.py = submit-job-self
note.qcb = blocked-work-self-*
pair.py = running-job-self && waiting-job-self
exit3.py = failed-job-self
stdin.py = complete-work-self-*
global.py = globaltime-*
`,
  "record.py": 'job = qb.jobinfo("-id", qb.jobid())[0]\nprint(sorted((k, v) for k, v in job.items()))\n',
  "note.qcb": "retry-work-self\n",
  "pair.py": 'print("pair")\n',
  "exit3.py": "import sys\nsys.exit(3)\n",
  "stdin.py": "import sys\nprint(sys.stdin.read(), end='')\n",
  "global.py": "",
};

function run(site: TemporarySite, input: string | Uint8Array, ...more: string[]) {
  return runCommand(["run", site.directory, "--logpath", site.logPath, ...more], { input });
}

function runsOf(stdout: string) {
  return ndjson(stdout).flatMap(({ run }) => (run === undefined ? [] : [run]));
}

function errorsOf(stdout: string) {
  return ndjson(stdout).flatMap(({ error }) => (error === undefined ? [] : [error]));
}

test("an event that fires is answered with its run when that has ended", async () => {
  const site = temporarySite(files);
  const event = { event: "submit-job-1001", job: { id: 1001, name: "shot010", label: "render", pgrp: 1001, pid: 0 } };
  const { code, stdout, stderr } = await run(site, `${JSON.stringify(event)}\n`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const log = `${site.logPath}/job/1000/1001/1001.cb`;
  expect(ndjson(stdout)).toEqual([
    {
      run: {
        id: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/),
        callback: "record.py",
        event: "submit-job-1001",
        jobId: 1001,
        state: "succeeded",
        pid: expect.any(Number),
        exitCode: 0,
        signal: null,
        durationMs: expect.any(Number),
        log,
        reason: null,
      },
    },
  ]);
  expect(Object.keys(runsOf(stdout)[0] ?? {}).join()).toBe(
    "id,callback,event,jobId,state,pid,exitCode,signal,durationMs,log,reason",
  );
  expect(readFileSync(log, "utf8")).toContain("('name', 'shot010')");
});

test("actions are told as they are asked for", async () => {
  const { code, stdout } = await run(temporarySite(files), '{"event":"blocked-work-7-frame 3"}\n');
  expect(code).toBe(0);
  const [action, ended, ...rest] = ndjson(stdout);
  expect(rest).toEqual([]);
  expect(JSON.stringify(action)).toBe(
    JSON.stringify({ action: { verb: "retry", target: "work", ids: ["7:frame 3"], run: ended?.run?.id } }),
  );
});

test("a failed run is an outcome, and no failure of the command", async () => {
  const { code, stdout } = await run(temporarySite(files), '{"event":"failed-job-7"}\n');
  expect(code).toBe(0);
  expect(runsOf(stdout)).toEqual([expect.objectContaining({ state: "failed", exitCode: 3, reason: "exit 3" })]);
});

test("events count in order, and && remembers across them", async () => {
  const lines = ["submit-job-7", "running-job-7", "waiting-job-7", "waiting-job-7", "removed-job-7", "waiting-job-7"];
  const { code, stdout } = await run(temporarySite(files), lines.map((event) => `{"event":"${event}"}\n`).join(""));
  expect(code).toBe(0);
  expect(
    runsOf(stdout)
      .map(({ callback, event }) => `${callback} ${event}`)
      .sort(),
  ).toEqual(["pair.py waiting-job-7", "record.py submit-job-7"]);
});

test("runs of one callback start in the order of their events", async () => {
  const site = temporarySite(files);
  const events = Array.from({ length: 50 }, (_, index) => `{"event":"blocked-work-7-${index}"}\n`);
  const { stdout } = await run(site, events.join(""));
  const asked = ndjson(stdout).flatMap(({ action }) => (action === undefined ? [] : [action]));
  expect(asked.map(({ ids }) => ids)).toEqual(events.map((_, index) => [`7:${index}`]));
  const ids = runsOf(stdout)
    .sort((one, other) => (String(one.id) < String(other.id) ? -1 : 1))
    .map(({ event }) => event);
  expect(ids).toEqual(events.map((_, index) => `blocked-work-7-${index}`));
});

test("records reach the callback, the job's own without an id, and null is nothing", async () => {
  const site = temporarySite(files);
  const event = {
    event: "complete-work-1001-17",
    job: { name: "shot010", label: null, site: { of: "our own" }, agenda: [{ name: "17" }] },
    work: { name: "17", host: "alpha" },
    subjob: null,
    more: "ignored",
  };
  const { code, stdout } = await run(site, JSON.stringify(event));
  expect(code).toBe(0);
  const document = readFileSync(String(runsOf(stdout)[0]?.log), "utf8").split("\n")[1] ?? "";
  expect(JSON.parse(document)).toMatchObject({
    event: { name: "complete", type: "work", jobId: 1001, extra: "17", text: "complete-work-1001-17" },
    job: { id: 1001, name: "shot010", site: { of: "our own" }, agenda: [{ name: "17" }] },
    work: { name: "17", host: "alpha" },
  });
  expect(JSON.parse(document).job).not.toHaveProperty("label");
  expect(JSON.parse(document)).not.toHaveProperty("subjob");
});

test.each([
  ["no JSON", "complete-work-1001-17", /^not JSON .*an event is written \{"event":/, "ERR_UCB_INPUT"],
  ["half a document", '{"event":"failed-job-7"', /^not JSON/, "ERR_UCB_INPUT"],
  ["no object", '["failed-job-7"]', /^the record must be an object, not a list$/, "ERR_UCB_INPUT"],
  ["no event", '{"job":{"id":7}}', /^event is missing$/, "ERR_UCB_INPUT"],
  ["an event that is no text", '{"event":7}', /^event must be a string, not 7$/, "ERR_UCB_INPUT"],
  ["a malformed event", '{"event":"failed-job"}', /the job id is missing$/, "ERR_UCB_EVENT"],
  ["an unknown type", '{"event":"failed-jbo-7"}', /"jbo" is no event type/, "ERR_UCB_EVENT"],
  [
    "a job id as text",
    '{"event":"failed-job-7","job":{"id":"7"}}',
    /^job\.id must be a number, not "7"$/,
    "ERR_UCB_INPUT",
  ],
  [
    "a job id out of range",
    '{"event":"failed-job-7","job":{"id":0}}',
    /^job\.id must be a whole number/,
    "ERR_UCB_INPUT",
  ],
  [
    "a parent that is half a job",
    '{"event":"failed-job-7","job":{"pid":1.5}}',
    /^job\.pid must be a whole/,
    "ERR_UCB_INPUT",
  ],
  ["a label of numbers", '{"event":"failed-job-7","job":{"label":7}}', /^job\.label must be a string/, "ERR_UCB_INPUT"],
  [
    "work that is a list",
    '{"event":"failed-work-7-1","work":[]}',
    /^work must be an object, not a list$/,
    "ERR_UCB_INPUT",
  ],
  [
    "an agenda that is none",
    '{"event":"failed-job-7","job":{"agenda":{}}}',
    /^job\.agenda must be a list/,
    "ERR_UCB_INPUT",
  ],
  [
    "a bad frame",
    '{"event":"failed-job-7","job":{"agenda":[{},{"name":7}]}}',
    /^job\.agenda\.1\.name must be/,
    "ERR_UCB_INPUT",
  ],
  ["another job's record", '{"event":"failed-job-7","job":{"id":8}}', /carries the record of job 8/, "ERR_UCB_EVENT"],
  ["a job at a global event", '{"event":"globaltime-7","job":{}}', /has no job/, "ERR_UCB_INPUT"],
])("a line with %s is an error, and the next one is read", async (_, line, message, errorCode) => {
  const { code, stdout } = await run(temporarySite(files), `\n${line}\r\n{"event":"failed-job-9"}`);
  expect(code).toBe(1);
  expect(errorsOf(stdout)).toEqual([{ file: null, line: 2, message: expect.stringMatching(message), code: errorCode }]);
  expect(runsOf(stdout).map(({ jobId }) => jobId)).toEqual([9]);
});

test("bytes that are no UTF-8 are an error, a byte order mark and blank lines are not", async () => {
  const mark = Buffer.from([0xef, 0xbb, 0xbf]);
  const lines = [
    mark,
    '{"event":"failed-job-7"}\n',
    " \t\r\n\n",
    '{"event":"failed-job-',
    Buffer.from([0xe9]),
    '8"}\n',
  ];
  const { code, stdout } = await run(temporarySite(files), Buffer.concat(lines.map((line) => Buffer.from(line))));
  expect(code).toBe(1);
  expect(errorsOf(stdout)).toEqual([{ file: null, line: 4, message: "the line is not UTF-8", code: "ERR_UCB_INPUT" }]);
  expect(runsOf(stdout).map(({ jobId }) => jobId)).toEqual([7]);
});

test("a line of more than 16 MiB is an error and is not kept", async () => {
  const site = temporarySite(files);
  const command = startCommand(["run", site.directory, "--logpath", site.logPath]);
  const block = Buffer.alloc(1024 * 1024, "x");
  const write = (data: string | Buffer) => new Promise<void>((done) => command.child.stdin.write(data, () => done()));
  let peak = 0;
  for (let megabytes = 0; megabytes < 300; megabytes++) {
    await write(block);
    const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${command.child.pid}/status`, "utf8"))?.[1];
    peak = Math.max(peak, Number(resident));
  }
  command.child.stdin.end('\n{"event":"failed-job-7"}\n');
  const { code, stdout } = await command.ended;
  expect(code).toBe(1);
  expect(errorsOf(stdout)).toEqual([
    { file: null, line: 1, message: "the line is longer than 16 MiB", code: "ERR_UCB_INPUT" },
  ]);
  expect(runsOf(stdout)).toHaveLength(1);
  expect(peak).toBeGreaterThan(0);
  expect(peak).toBeLessThan(300 * 1024);
});

test("no record can reach a prototype", async () => {
  const site = temporarySite(files);
  const line =
    '{"event":"submit-job-7","__proto__":{"event":"x"},"job":{"id":7,"__proto__":{"a":1},"constructor":{"b":2}}}\n';
  const { code, stdout } = await run(site, `${line}{"event":"submit-job-8"}\n`);
  expect(code).toBe(0);
  const logs = runsOf(stdout).map(({ log }) => readFileSync(String(log), "utf8").split("\n")[1]);
  expect(logs.sort()).toEqual(["[('id', 7)]", "[('id', 8)]"]);
});

test("100,000 events that fire nothing leave nothing behind", async () => {
  const site = temporarySite(files);
  const lines = Array.from(
    { length: 100_000 },
    (_, index) => `{"event":"running-work-${1 + (index % 500)}-${index}"}\n`,
  );
  const { code, stdout, stderr } = await run(site, lines.join(""));
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(existsSync(site.logPath)).toBe(false);
});

test("--events reads files to their end, one after the other, and standard input only where it is named", async () => {
  const site = temporarySite(files);
  writeFileSync(site.path("one"), '{"event":"submit-job-1"}\nbad\n');
  writeFileSync(site.path("two"), '{"event":"submit-job-2"}\n');
  const files12 = ["--events", site.path("one"), "--events", site.path("two")];
  const without = await run(site, '{"event":"submit-job-3"}\n', ...files12);
  expect(without.code).toBe(1);
  expect(errorsOf(without.stdout).map(({ line }) => line)).toEqual([2]);
  expect(
    runsOf(without.stdout)
      .map(({ jobId }) => jobId)
      .sort(),
  ).toEqual([1, 2]);
  const named = await run(site, '{"event":"submit-job-3"}\n', "--events", site.path("two"), "--events", "-");
  expect(named.code).toBe(0);
  expect(
    runsOf(named.stdout)
      .map(({ jobId }) => jobId)
      .sort(),
  ).toEqual([2, 3]);
});

test("errors say which file they are in, and a note how many lines were no events", async () => {
  const site = temporarySite(files);
  writeFileSync(site.path("one"), '{"event":"dummy-job-1"}\n\nbad\n');
  writeFileSync(site.path("two"), 'bad\n{"event":"dummy-job-2"}\n');
  const more = ["--events", site.path("one"), "--events", "-", "--events", site.path("two")];
  const { code, stdout, stderr } = await run(site, "bad\n", ...more);
  expect(code).toBe(1);
  expect(errorsOf(stdout).map(({ file, line }) => [file, line])).toEqual([
    [site.path("one"), 3],
    [null, 1],
    [site.path("two"), 1],
  ]);
  expect(stderr).toBe("ucb: 3 of 5 lines were no events\n");
});

test("standard input is not waited for where --events names a file", async () => {
  const site = temporarySite(files);
  writeFileSync(site.path("one"), '{"event":"submit-job-1"}\n');
  const command = startCommand(["run", site.directory, "--logpath", site.logPath, "--events", site.path("one")]);
  const { code, stdout } = await command.ended;
  expect(code).toBe(0);
  expect(runsOf(stdout)).toHaveLength(1);
});

test.each([
  ["does not exist", "nothing", "cannot be read"],
  ["is a directory", "", "is a directory"],
])("a file of events that %s is told before anything runs", async (_, name, message) => {
  const site = temporarySite(files);
  writeFileSync(site.path("good"), '{"event":"submit-job-1"}\n');
  const { code, stdout, stderr } = await run(site, "", "--events", site.path("good"), "--events", site.path(name));
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(message);
});

test("what is wrong with the configuration goes to stderr, and the rest runs", async () => {
  const site = temporarySite({
    ...files,
    "callbacks.conf": "record.py = submit-job-self\ngone.py = submit-jbo-self\n",
  });
  const { code, stdout, stderr } = await run(site, '{"event":"submit-job-1"}\n');
  expect(code).toBe(0);
  expect(runsOf(stdout)).toHaveLength(1);
  expect(stderr).toContain(`${site.directory}/callbacks.conf:2:1: error: `);
  expect(stderr).toContain('did you mean "job"?');
  const strict = await run(site, '{"event":"submit-job-1"}\n', "--strict");
  expect(strict).toMatchObject({ code: 1, stdout: "" });
});

test("a configuration of which nothing is left cannot be used, an empty one can", async () => {
  const broken = await run(
    temporarySite({ "callbacks.conf": "gone.py = submit-job-self\n" }),
    '{"event":"submit-job-1"}\n',
  );
  expect(broken).toMatchObject({ code: 1, stdout: "" });
  expect(broken.stderr).toContain("ucb: 1 error in the configuration, and no callback is left\n");
  const empty = await run(temporarySite({ "callbacks.conf": "" }), '{"event":"submit-job-1"}\n');
  expect(empty).toMatchObject({
    code: 0,
    stdout: "",
    stderr: "ucb: there are no callbacks: no event fires anything\n",
  });
});

test("an event comes back while the input stays open", async () => {
  const site = temporarySite(files);
  const command = startCommand(["run", site.directory, "--logpath", site.logPath]);
  command.child.stdin.write('{"event":"submit-job-1"}\n');
  await command.said('"jobId":1,');
  command.child.stdin.write('{"event":"submit-job-2"}\n');
  await command.said('"jobId":2,');
  expect(command.child.exitCode).toBeNull();
  command.child.stdin.end();
  expect((await command.ended).code).toBe(0);
});
