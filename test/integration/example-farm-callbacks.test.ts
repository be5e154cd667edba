import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isAlive } from "../support/idle-farm.js";
import { type FarmRun, processesOf, runFarm, temporaryFolder } from "../support/run-farm.js";

/** Runs the farm on a callback directory and a job list of the test's own. */
function runOwn(callbacks: Record<string, string>, list: object): Promise<FarmRun> {
  const folder = temporaryFolder();
  const directory = join(folder, "callback");
  mkdirSync(directory, { mode: 0o755 });
  for (const [name, text] of Object.entries(callbacks)) writeFileSync(join(directory, name), text, { mode: 0o644 });
  writeFileSync(join(folder, "jobs.json"), JSON.stringify(list));
  return runFarm("--callbacks", directory, "--jobs", join(folder, "jobs.json"));
}

const sleeper = [
  "import os, subprocess, sys, time",
  "child = subprocess.Popen(['sleep', '60'])",
  "open(sys.argv[1] + '.new', 'w').write('%d %d' % (os.getpid(), child.pid))",
  "os.rename(sys.argv[1] + '.new', sys.argv[1])",
  "time.sleep(60)",
].join("\n");

/** Ends when the files that it is given exist. */
const waiter = [
  "import os, sys, time",
  "while not all(os.path.exists(path) for path in sys.argv[1:]): time.sleep(0.01)",
].join("\n");

test("what Python and Perl callbacks ask for happens", async () => {
  const run = await runOwn(
    {
      "callbacks.conf": [
        "killer.py = complete-job-self",
        "remover.pl = complete-job-self",
        "again.qcb = failed-work-self-*",
        "frame.py = complete-work-parent-2",
      ].join("\n"),
      "killer.py": [
        "job = qb.jobinfo('-id', qb.jobid())[0]",
        "if job['name'] == 'starter':",
        "    victim = qb.jobinfo('-label', 'victim', '-status', 'running')[0]",
        "    print('killed', qb.kill(victim['id']))",
        "    child = qb.submit({'name': 'child', 'command': ['true'], 'pid': job['id']})",
        "    print('submitted', child['id'], [host['name'] for host in qb.hostinfo(name='alpha')])",
        "    try:",
        "        qb.unblock(9999)",
        "    except qb.QBError as error:",
        "        print('refused:', error)",
      ].join("\n"),
      "remover.pl": [
        "my ($job) = qb::jobinfo('-id', $qb::jobid, '-agenda');",
        "if ($job->{name} eq 'starter') {",
        "    my ($bystander) = qb::jobinfo(name => 'bystander');",
        "    print 'removed ', join(' ', qb::remove($bystander->{id})), qq(\\n);",
        "}",
        "if ($job->{name} eq 'twice' && $job->{agenda}[0]{count} == 1) {",
        "    print 'requeued ', join(' ', qb::requeue(qb::jobid())), qq(\\n);",
        "}",
      ].join("\n"),
      "again.qcb": "retry-work-self\n",
      // Frame 2 of the parent releases frame 2 of the child.
      "frame.py": "print(qb.workunblock('%s:%s' % (qb.jobid(), 'frame 2')))\n",
    },
    {
      hosts: { alpha: 4, beta: 4 },
      jobs: [
        { name: "victim", label: "victim", command: ["python3", "-c", sleeper, "victim.pids"] },
        { name: "bystander", command: ["python3", "-c", sleeper, "bystander.pids"] },
        { name: "twice", command: ["true"] },
        { name: "flaky", command: ["python3", "-c", "import sys; sys.exit(sys.argv[1] < '3')", "{attempt}"] },
        { name: "starter", timeout: 40, command: ["python3", "-c", waiter, "victim.pids", "bystander.pids"] },
        { name: "frames", range: "1-2", command: ["true"] },
      ],
    },
  );
  expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: "" });
  expect(run.jobs).toEqual({
    victim: "killed",
    bystander: "removed",
    twice: "complete",
    flaky: "complete",
    starter: "complete",
    frames: "complete",
    child: "complete",
  });
  expect(run.callbackLog(1005)).toMatch(
    /^killed \['1001'\]\nsubmitted 1007 \['alpha'\]\nrefused: there is no job 9999$/m,
  );
  expect(run.callbackLog(1005)).toMatch(/^removed 1002$/m);
  expect(run.callbackLog(1003)).toMatch(/^requeued 1003$/m);
  expect(run.stdout).toMatch(/ twice +complete +1 of 1 work items complete, 1 more attempt$/m);
  expect(run.stdout).toMatch(/ flaky +complete +1 of 1 work items complete, 2 more attempts$/m);
  const pids = ["victim", "bystander"].flatMap((name) =>
    readFileSync(join(run.output, "project", `${name}.pids`), "utf8")
      .split(" ")
      .map(Number),
  );
  expect(pids.map(isAlive)).toEqual([false, false, false, false]);
  expect(processesOf(run.output)).toEqual([]);
});

test("a callback that fails and a job that nobody releases make the exit status 1 and are named", async () => {
  const run = await runOwn(
    {
      "callbacks.conf":
        "exits.py = complete-job-self\nslow.py = complete-job-self\nkilled.pl = complete-job-self\ntypo.py = faild-job-self\n[slow.py]\ntimeout = 300ms\n",
      "exits.py": "import sys\nsys.exit(3)\n",
      "slow.py": "import time\ntime.sleep(60)\n",
      "killed.pl": "kill KILL => $$;\n",
    },
    {
      jobs: [
        { name: "fine", command: ["true"] },
        { name: "forgotten", command: ["true"], status: "blocked" },
      ],
    },
  );
  expect(run.status).toBe(1);
  expect(run.jobs).toEqual({ fine: "complete", forgotten: "blocked" });
  expect(run.stderr).toContain("typo.py");
  expect(run.stderr).toContain("job 1002 (forgotten) is still blocked, and nothing is left that would end it");
  expect(run.stdout).toMatch(
    /^ {2}exits\.py +1 run, +0 succeeded, 1 went wrong\n +failed on complete-job-1001: exit 3 /m,
  );
  expect(run.stdout).toMatch(/^ {2}slow\.py .*\n +timed-out on complete-job-1001: timed out, /m);
  expect(run.stdout).toMatch(/^ {2}killed\.pl .*\n +failed on complete-job-1001: killed by SIGKILL /m);
  expect(processesOf(run.output)).toEqual([]);
});

test("a job that is suspended and never resumed does not keep the farm from ending", async () => {
  const run = await runOwn(
    { "callbacks.conf": "hold.qcb = running-job-self\n", "hold.qcb": "suspend-self\n" },
    { jobs: [{ name: "held", command: ["sleep", "60"] }] },
  );
  expect(run.status).toBe(1);
  expect(run.jobs).toEqual({ held: "suspended" });
  expect(processesOf(run.output)).toEqual([]);
});
