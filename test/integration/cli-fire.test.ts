import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ndjson } from "../support/ndjson.js";
import { runCommand, startOnTerminal } from "../support/run-command.js";
import { temporarySite } from "../support/temporary-site.js";

const files = {
  "callbacks.conf": `hello.py = done-job-self
ask.pl = blocked-job-self
release.qcb = blocked-job-self
exit3.py = failed-work-self-*
suicide.py = killed-work-self-*
child.py = complete-job-parent
flood.py = timeout-work-self-*
river.py = assigned-work-self-*
steer.py = modified-job-self
`,
  "hello.py": 'print("%(id)s: %(name)s" % qb.jobinfo("-id", qb.jobid())[0])\n',
  "ask.pl": 'print "unblocked ", join(",", qb::unblock($qb::jobid)), "\\n";\n',
  "release.qcb": "unblock-self\n",
  "exit3.py": 'import sys\nprint("bye")\nsys.exit(3)\n',
  "suicide.py": "import os\nos.kill(os.getpid(), 9)\n",
  "child.py": 'print("child of %d" % qb.jobinfo("-id", qb.jobid())[0]["pid"])\n',
  "flood.py": 'print("first")\nfor i in range(100000): print("line %d" % i)\n',
  "river.py": 'import sys\nprint("first")\nsys.stdout.write("x" * 100000 + "the end")\n',
  "steer.py": 'import sys\nsys.stdout.write("\\x1b[31mred\\x07")\n',
};

function fire(event: string, site: { directory: string; logPath: string }, ...more: string[]) {
  return runCommand(["fire", event, site.directory, "--logpath", site.logPath, ...more]);
}

test("what the event fires really runs, with the job's record, and is shown", async () => {
  const site = temporarySite(files);
  writeFileSync(site.path("job.json"), '{"id":1001,"name":"shot010"}');
  const { code, stdout, stderr } = await fire("complete-job-1001", site, "--job", site.path("job.json"));
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const log = `${site.logPath}/job/1000/1001/1001.cb`;
  expect(stdout).toMatch(/^hello\.py for job 1001: succeeded, exit 0, \d+\.\d{3} s\n {2}\| 1001: shot010\n {2}log: /);
  expect(stdout).toContain(`  log: ${log}\n`);
  expect(readFileSync(log, "utf8")).toContain("\n1001: shot010\n");
});

test("records that are all of other jobs are noted, since callbacks find nothing in them", async () => {
  const site = temporarySite({ ...files, "callbacks.conf": "exit3.py = failed-work-self-*\n", "exit3.py": "" });
  const file = site.path("jobs.json");
  writeFileSync(file, '{"id":7}');
  const one = await fire("failed-work-8-1", site, "--job", file);
  expect(one.code).toBe(0);
  expect(one.stderr).toMatch(new RegExp(`^ucb: the record in ${file} is not of job 8, .*its id\n$`));
  writeFileSync(file, '[{"id":7},{"id":9}]');
  expect((await fire("failed-work-8-1", site, "--job", file)).stderr).toContain(
    `none of the 2 records in ${file} is of job 8,`,
  );
  expect((await fire("failed-work-9-1", site, "--job", file)).stderr).toBe("");
});

test("the jobs of --job count as submitted, without their submission firing anything", async () => {
  const site = temporarySite({ ...files, "callbacks.conf": `${files["callbacks.conf"]}hello.py = submit-job-self\n` });
  writeFileSync(site.path("jobs.json"), '[{"id":1001,"name":"a"},{"id":1002,"name":"b","pid":1001}]');
  const { code, stdout } = await fire("complete-job-1001", site, "--job", site.path("jobs.json"), "--json");
  expect(code).toBe(0);
  const runs = ndjson(stdout).map(({ run }) => `${run?.callback} ${run?.jobId} ${run?.event}`);
  expect(runs.sort()).toEqual(["child.py 1002 complete-job-1001", "hello.py 1001 complete-job-1001"]);
  expect(readFileSync(`${site.logPath}/job/1000/1002/1002.cb`, "utf8")).toContain("\nchild of 1001\n");
});

test("actions are shown with the run that asked for them", async () => {
  const site = temporarySite(files);
  const { code, stdout } = await fire("blocked-job-7", site);
  expect(code).toBe(0);
  expect(stdout).toMatch(/ask\.pl for job 7: succeeded.*\n {2}asked to unblock job 7\n {2}\| unblocked 7\n/);
  expect(stdout).toMatch(
    /release\.qcb for job 7: succeeded.*\n {2}asked to unblock job 7\n {2}\| unblock-self: job 7\n/,
  );
});

test("--json prints the lines that run prints", async () => {
  const site = temporarySite(files);
  const { code, stdout, stderr } = await fire("blocked-job-7", site, "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = ndjson(stdout);
  const runs = lines.flatMap(({ run }) => (run === undefined ? [] : [run]));
  const actions = lines.flatMap(({ action }) => (action === undefined ? [] : [action]));
  expect(lines).toHaveLength(runs.length + actions.length);
  expect(runs.map(({ callback }) => callback).sort()).toEqual(["ask.pl", "release.qcb"]);
  for (const run of runs) {
    expect(Object.keys(run).join()).toBe("id,callback,event,jobId,state,pid,exitCode,signal,durationMs,log,reason");
  }
  expect(actions.map(({ run }) => run).sort()).toEqual(runs.map(({ id }) => id).sort());
  for (const { run: by, ...action } of actions) {
    expect(action).toEqual({ verb: "unblock", target: "job", ids: ["7"] });
    const asked = lines.findIndex((line) => line.action?.run === by);
    expect(asked).toBeLessThan(lines.findIndex((line) => line.run?.id === by));
  }
});

test.each([
  ["failed-work-7-1", /exit3\.py for job 7: failed, exit 3, .*\n {2}\| bye\n/],
  ["killed-work-7-1", /suicide\.py for job 7: failed, killed by SIGKILL, /],
])("%s fires a run that fails: exit 1", async (event, expected) => {
  const { code, stdout } = await fire(event, temporarySite(files));
  expect(code).toBe(1);
  expect(stdout).toMatch(expected);
});

test("the reason of a failure is shown, once", async () => {
  const mail = await fire(
    "done-job-7",
    temporarySite({ "callbacks.conf": "mail.qcb = done-job-self\n", "mail.qcb": "mail-status\n" }),
  );
  expect(mail.code).toBe(1);
  expect(mail.stdout.split("mail_host is not set")).toHaveLength(2);

  const gone = temporarySite({
    "callbacks.conf": "gone.py = done-job-self\n[gone.py]\ntimeout = 1s\n",
    "gone.py": "import time\ntime.sleep(60)\n",
  });
  const { code, stdout, stderr } = await fire("complete-job-7", gone);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^gone\.py for job 7: timed-out, killed by SIGTERM, \d+\.\d{3} s\n {2}log: /);
  expect(stderr).toMatch(/^ucb: gone\.py for job 7 still runs after \d+m?s, a third of its timeout \(run \w+\)\n$/);
});

test("an event that fires nothing exits 1 and says who knows why", async () => {
  const { code, stdout, stderr } = await fire("assigned-job-7", temporarySite(files));
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toBe("ucb: assigned-job-7 fires nothing: `ucb explain` says why\n");
});

test("of a flood of output the end is shown, and where the rest is", async () => {
  const { code, stdout } = await fire("timeout-work-7-1", temporarySite(files));
  expect(code).toBe(0);
  expect(stdout).toMatch(/\n {2}\(\d+ bytes more in front of this are in the log\)\n {2}\| line \d+\n/);
  expect(stdout).toContain("\n  | line 99999\n  log: ");
  expect(stdout).not.toContain("first");
  expect(stdout.length).toBeLessThan(200_000);
});

test("of a last line that is longer than anybody reads the end is shown", async () => {
  const { code, stdout } = await fire("assigned-work-7-1", temporarySite(files));
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /\n {2}\(\d+ bytes more in front of this are in the log\)\n {2}\| x{60000,}the end\n {2}log: /,
  );
});

test("output of earlier runs of the job is not shown, and none can steer the terminal", async () => {
  const site = temporarySite(files);
  await fire("complete-job-7", site);
  const { code, stdout } = await fire("modified-job-7", site);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^steer\.py for job 7: succeeded.*\n {2}\| \\x1b\[31mred\\x07\n {2}log: .*\n$/);
});

test("a broken callback does not keep the others from running, except with --strict", async () => {
  const site = temporarySite({ ...files, "callbacks.conf": "hello.py = done-job-self\ngone.py = done-job-self\n" });
  writeFileSync(site.path("job.json"), '{"id":7,"name":"a"}');
  const { code, stdout, stderr } = await fire("complete-job-7", site, "--job", site.path("job.json"));
  expect(code).toBe(0);
  expect(stdout).toContain("  | 7: a\n");
  expect(stderr).toContain(`${site.directory}/callbacks.conf:2:1: error: `);
  const strict = await fire("complete-job-7", site, "--strict");
  expect(strict).toMatchObject({ code: 1, stdout: "" });
  expect(strict.stderr).toContain("ucb: 1 error in the configuration, and --strict was given\n");
});

test("a log folder that cannot be is refused before anything runs", async () => {
  const site = temporarySite({
    ...files,
    "callbacks.conf": "mark.py = done-job-self\n",
    "mark.py": "open('mark', 'w')\n",
  });
  writeFileSync(site.path("file"), "");
  const logPath = site.path("file/log");
  const { code, stdout, stderr } = await fire("complete-job-7", { ...site, logPath });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(`ucb: output of runs cannot be filed in ${logPath}`);
  expect(stderr).toContain("hint: name another folder with --logpath DIR");
  expect(existsSync(`${site.directory}/mark`)).toBe(false);
});

test("a log folder that others may write to is told of", async () => {
  const site = temporarySite(files);
  mkdirSync(site.logPath);
  chmodSync(site.logPath, 0o777);
  const { code, stderr } = await fire("blocked-job-7", site);
  expect(code).toBe(0);
  const message = `${site.logPath} can be written to by everybody, who could lead the output of runs elsewhere by a link`;
  expect(stderr).toBe(`ucb: ${message}\n`);
});

test("a relative --logpath is of the working directory", async () => {
  const site = temporarySite(files);
  mkdirSync(site.path("here"));
  const args = ["fire", "blocked-job-7", site.directory, "--logpath", "log"];
  const { code } = await runCommand(args, { cwd: site.path("here") });
  expect(code).toBe(0);
  expect(existsSync(site.path("here/log/job/0/7/7.cb"))).toBe(true);
});

test("on a terminal it says what it waits for, until there is something to show", async () => {
  const site = temporarySite({
    "slow.py": "import os, time\nwhile not os.path.exists('go'):\n    time.sleep(0.01)\nprint('gone')\n",
    "callbacks.conf": "slow.py = done-job-self\n",
  });
  const args = ["fire", "done-job-1", site.directory, "--logpath", site.logPath];
  const terminal = startOnTerminal(args, { columns: 80 });
  await terminal.said("waiting for 1 run to end: ");
  writeFileSync(join(site.directory, "go"), "");
  const { code, stdout } = await terminal.ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/\d s\r\S*slow\.py/);
});
