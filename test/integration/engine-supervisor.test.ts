import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Action, Job, JobQuery } from "../../lib/index.js";
import { openEngine, temporarySite } from "../support/temporary-site.js";

function recorder(jobs: Job[]) {
  const actions: { verb: string; target: string; ids: string[]; by: string }[] = [];
  const queries: JobQuery[] = [];
  return {
    actions,
    queries,
    supervisor: {
      jobInfo: (query: JobQuery) => {
        queries.push(query);
        return jobs.filter(({ id }) => query.id?.includes(id) ?? true);
      },
      perform: async ({ verb, target, ids, by }: Action) => {
        actions.push({ verb, target, ids, by: by.callback });
        if (verb === "kill") throw new Error("killing is not allowed today");
        return ids;
      },
    },
  };
}

const everyCode = `
# all that need no mail
unblock-self
block-self
fail-self
migrate-self
preempt-self
interrupt-self
suspend-self
resume-self
block-work-self
unblock-work-self
retry-work-self
requeue-work-self
complete-work-self
fail-work-self
`;

test("the lines of a .qcb file reach the supervisor in order", async () => {
  const site = temporarySite({ "callbacks.conf": "all.qcb = failed-work-self-*\n", "all.qcb": everyCode });
  const { actions, supervisor } = recorder([{ id: 5 }]);
  const { engine, ended } = await openEngine(site, { supervisor });
  expect(engine.diagnostics).toEqual([]);
  engine.emit("failed-work-5-a:b");
  await engine.idle();
  expect(ended).toEqual([expect.objectContaining({ state: "succeeded", reason: null })]);
  const job = ["unblock", "block", "fail", "migrate", "preempt", "interrupt", "suspend", "resume"];
  const work = ["block", "unblock", "retry", "requeue", "complete", "fail"];
  expect(actions).toEqual([
    ...job.map((verb) => ({ verb, target: "job", ids: ["5"], by: "all.qcb" })),
    ...work.map((verb) => ({ verb, target: "work", ids: ["5:a:b"], by: "all.qcb" })),
  ]);
  const log = readFileSync(ended[0]?.log ?? "", "utf8");
  expect(log).toContain("\nunblock-self: job 5\n");
  expect(log).toContain("\nfail-work-self: work 5:a:b\n=== end ");
});

const subjobCodes = ["unblock", "block", "fail", "kill", "migrate", "preempt", "interrupt", "suspend", "resume"];

test("subjob codes act on the event's subjob, or on all of the job's", async () => {
  const site = temporarySite({
    "callbacks.conf": "sub.qcb = failed-subjob-self-* || failed-job-self\n",
    "sub.qcb": subjobCodes
      .filter((verb) => verb !== "kill")
      .map((verb) => `${verb}-subjob-self\n`)
      .join(""),
  });
  const { actions, supervisor } = recorder([{ id: 5, subjobs: [{ id: 0 }, { id: "5.1" }] }]);
  const { engine } = await openEngine(site, { supervisor });
  engine.emit("failed-subjob-5-3");
  await engine.idle();
  expect(actions.every(({ target, ids }) => target === "subjob" && ids.join() === "5.3")).toBe(true);
  expect(actions.map(({ verb }) => verb)).toEqual(subjobCodes.filter((verb) => verb !== "kill"));
  actions.length = 0;
  engine.emit("failed-job-5");
  await engine.idle();
  expect(actions.map(({ ids }) => ids)).toEqual(Array(8).fill(["5.0", "5.1"]));
});

test("a single subjob code needs the event's subjob", async () => {
  const site = temporarySite({
    "callbacks.conf": "one.qcb = blocked-subjob-self-* || blocked-job-self\n",
    "one.qcb": "unblock-subjob-self-single\n",
  });
  const { actions, supervisor } = recorder([{ id: 5 }]);
  const { engine, ended } = await openEngine(site, { supervisor });
  engine.emit("blocked-subjob-5-2");
  await engine.idle();
  expect(actions).toEqual([{ verb: "unblock", target: "subjob", ids: ["5.2"], by: "one.qcb" }]);
  engine.emit("blocked-job-5");
  await engine.idle();
  expect(ended[1]).toMatchObject({ state: "failed", code: "ERR_UCB_ACTION" });
  expect(ended[1]?.reason).toContain("one.qcb:1: unblock-subjob-self-single: the event blocked-job-5 has no subjob");
});

test("what the supervisor refuses fails the run at that line", async () => {
  const site = temporarySite({
    "callbacks.conf": "kill.qcb = done-job-self\n",
    "kill.qcb": "unblock-self\nkill-self\nblock-self\n",
  });
  const { actions, supervisor } = recorder([{ id: 5 }]);
  const { engine, ended } = await openEngine(site, { supervisor });
  engine.emit("complete-job-5");
  await engine.idle();
  expect(actions.map(({ verb }) => verb)).toEqual(["unblock", "kill"]);
  expect(ended[0]).toMatchObject({ state: "failed", code: "ERR_UCB_ACTION" });
  expect(ended[0]?.reason).toBe("kill.qcb:2: kill-self 5: killing is not allowed today");
});

test("scripts of both languages reach the supervisor, and its errors raise there", async () => {
  const site = temporarySite({
    "callbacks.conf": "a.py = complete-job-self\nb.pl = complete-job-self\n",
    "a.py":
      "print(qb.unblock(qb.jobid()))\nprint([job['name'] for job in qb.jobinfo('-pgrp', 1)])\ntry:\n    qb.kill(6)\nexcept qb.QBError as error:\n    print('refused:', error)\n",
    "b.pl": 'print join(",", qb::workretry("$qb::jobid:7")), "\\n";\neval { qb::kill(6) };\nprint "refused: $@";\n',
  });
  const { actions, supervisor } = recorder([
    { id: 5, name: "lamp" },
    { id: 6, name: "chair" },
  ]);
  const { engine, ended } = await openEngine(site, { supervisor });
  engine.emit("complete-job-5");
  await engine.idle();
  expect(ended.map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
  expect(actions).toContainEqual({ verb: "unblock", target: "job", ids: ["5"], by: "a.py" });
  expect(actions).toContainEqual({ verb: "retry", target: "work", ids: ["5:7"], by: "b.pl" });
  const log = readFileSync(ended[0]?.log ?? "", "utf8");
  expect(log).toContain("['5']\n['lamp', 'chair']\nrefused: killing is not allowed today\n");
  expect(log).toMatch(/^5:7\nrefused: killing is not allowed today/m);
});

test("without a supervisor the engine answers from the events' records and reports what is asked", async () => {
  const site = temporarySite({
    "callbacks.conf": "a.py = complete-job-self\n",
    "a.py": "print(sorted(job['name'] for job in qb.jobinfo('-status', 'blocked')))\nprint(qb.unblock(2, 3))\n",
  });
  const { engine, ended } = await openEngine(site);
  const actions: unknown[] = [];
  engine.on("action", ({ verb, target, ids, by }) => actions.push([verb, target, ids, by.id]));
  engine.submit({ id: 1, name: "one" });
  engine.submit({ id: 2, name: "two", status: "blocked" });
  engine.submit({ id: 3, name: "three", status: "running" });
  engine.emit({ name: "blocked", type: "job", jobId: 3, job: { id: 3, status: "blocked" } });
  engine.submit({ id: 4, name: "four", status: "blocked" });
  engine.emit("removed-job-4");
  engine.emit("complete-job-1");
  await engine.idle();
  expect(readFileSync(ended[0]?.log ?? "", "utf8")).toContain("['three', 'two']\n['2', '3']\n");
  expect(actions).toEqual([["unblock", "job", ["2", "3"], ended[0]?.id]]);
});

test("a supervisor that fails to answer costs a run its fresh record only, and is reported", async () => {
  const site = temporarySite({
    "callbacks.conf": "a.py = complete-job-self\n",
    "a.py": "print('name', qb.jobinfo('-id', qb.jobid())[0]['name'])\n",
  });
  const { engine, ended } = await openEngine(site, {
    supervisor: {
      jobInfo: () => Promise.reject(new Error("the database is away")),
      perform: ({ ids }) => ids,
    },
  });
  const problems: string[] = [];
  engine.on("problem", ({ message }) => problems.push(message));
  engine.submit({ id: 1, name: "lamp" });
  engine.emit("complete-job-1");
  await engine.idle();
  expect(problems).toEqual(["no fresh record of job 1: the database is away"]);
  expect(ended[0]?.state).toBe("succeeded");
  expect(readFileSync(ended[0]?.log ?? "", "utf8")).toContain("name lamp\n");
});
