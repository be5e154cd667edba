import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { IdleFarm, isAlive, processState, until } from "../support/idle-farm.js";

const sleep = ["sleep", "60"];

function statuses(items: readonly { status: string }[]): string[] {
  return items.map(({ status }) => status);
}

test("a job that nobody disturbs tells what becomes of it, its instance and its work", async () => {
  const farm = await IdleFarm.open();
  farm.submit({ range: "1-2", command: ["cp", "/dev/null", "{result}"], result: "made/{frame}" });
  await farm.farm.dispatcher.quiet();
  expect(farm.events).toEqual([
    "submit-job-1001",
    "waiting-job-1001",
    "assigned-subjob-1001-0",
    "assigned-host-1001-alpha",
    "running-job-1001",
    "running-subjob-1001-0",
    "running-work-1001-1",
    "complete-work-1001-1",
    "running-work-1001-2",
    "complete-work-1001-2",
    "complete-subjob-1001-0",
    "complete-job-1001",
  ]);
  expect(await readFile(join(farm.project, "made", "2"), "utf8")).toBe("");
});

test("block lets what runs end and nothing begin; unblock lets it go on", async () => {
  const farm = await IdleFarm.open();
  const job = await farm.started({
    agenda: [
      { name: "a", command: ["sleep", "0.2"] },
      { name: "b", command: ["true"] },
    ],
  });
  expect(farm.ask("block", "job", "1001")).toEqual(["1001"]);
  expect(farm.ask("block", "job", "1001")).toEqual([]);
  await farm.farm.dispatcher.quiet();
  expect([job.status, ...statuses(job.agenda)]).toEqual(["blocked", "complete", "pending"]);

  expect(farm.ask("unblock", "job", "1001")).toEqual(["1001"]);
  expect(farm.ask("unblock", "job", "1001")).toEqual([]);
  await farm.farm.dispatcher.quiet();
  expect([job.status, ...statuses(job.agenda)]).toEqual(["complete", "complete", "complete"]);
});

test("a job submitted blocked begins nothing until it is unblocked", async () => {
  const farm = await IdleFarm.open();
  const job = farm.submit({ command: ["true"], status: "blocked" });
  await farm.farm.dispatcher.quiet();
  expect([job.status, job.agenda[0]?.count]).toEqual(["blocked", 0]);
  farm.ask("unblock", "job", "1001");
  await until(() => job.status === "complete");
});

test("kill ends the whole process group, also one that will not hear of it", async () => {
  const farm = await IdleFarm.open();
  const script = [
    "import os, signal, subprocess",
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "child = subprocess.Popen(['sleep', '60'])",
    "open('pids', 'w').write('%d %d.' % (os.getpid(), child.pid))",
    "signal.pause()",
  ].join("\n");
  const job = await farm.started({ range: "1-2", command: ["python3", "-c", script] });
  const pids: number[] = [];
  const readPids = async () => {
    const text = await readFile(join(farm.project, "pids"), "utf8").catch(() => "");
    if (text.endsWith(".")) pids.push(...text.slice(0, -1).split(" ").map(Number));
    return pids.length === 2;
  };
  await until(readPids);
  expect(pids.map(isAlive)).toEqual([true, true]);

  expect(farm.ask("kill", "job", "1001")).toEqual(["1001"]);
  expect([job.status, ...statuses(job.agenda), ...statuses(job.instances)]).toEqual([
    "killed",
    "killed",
    "killed",
    "killed",
  ]);
  expect(farm.ask("kill", "job", "1001")).toEqual([]);
  await farm.farm.dispatcher.quiet();
  await until(() => !pids.some(isAlive));
});

test("remove ends what runs and forgets the job", async () => {
  const farm = await IdleFarm.open();
  await farm.started({ command: sleep });
  expect(farm.ask("remove", "job", "1001")).toEqual(["1001"]);
  expect(farm.supervisor.jobInfo({ id: [1001] })).toEqual([]);
  expect(farm.events.at(-1)).toBe("removed-job-1001");
  expect(() => farm.ask("unblock", "job", "1001")).toThrow("there is no job 1001");
  await farm.farm.dispatcher.quiet();
});

test("retry runs only what failed or was killed; requeue runs everything", async () => {
  const farm = await IdleFarm.open();
  const job = farm.submit({
    agenda: [
      { name: "good", command: ["true"] },
      { name: "bad", command: ["false"] },
    ],
  });
  await until(() => job.status === "failed");
  expect(job.reason).toBe("1 of 2 work items failed");
  expect(farm.ask("retry", "job", "1001")).toEqual(["1001"]);
  expect(job.status).toBe("pending");
  await until(() => job.status === "failed");
  expect(job.agenda.map(({ count }) => count)).toEqual([1, 2]);
  expect(job.agenda.map(({ retries }) => retries)).toEqual([0, 1]);

  expect(farm.ask("requeue", "job", "1001")).toEqual(["1001"]);
  await until(() => job.status === "failed");
  expect(job.agenda.map(({ count }) => count)).toEqual([2, 3]);
});

test("retry of a complete job changes nothing", async () => {
  const farm = await IdleFarm.open();
  const job = farm.submit({ command: ["true"] });
  await until(() => job.status === "complete");
  expect(farm.ask("retry", "job", "1001")).toEqual([]);
});

test("requeue of a job that runs begins it anew", async () => {
  const farm = await IdleFarm.open();
  const job = await farm.started({ range: "1-2", cpus: 2, command: sleep }, 2);
  expect(farm.ask("requeue", "job", "1001")).toEqual(["1001"]);
  expect([job.status, ...statuses(job.agenda)]).toEqual(["pending", "pending", "pending"]);
  await until(() => job.agenda.every(({ status, count }) => status === "running" && count === 2));
});

test.each(["complete", "fail"] as const)("%s ends a job so, whatever it was doing", async (verb) => {
  const farm = await IdleFarm.open();
  const job = await farm.started({ range: "1-2", command: sleep });
  const status = verb === "fail" ? "failed" : "complete";
  expect(farm.ask(verb, "job", "1001")).toEqual(["1001"]);
  expect([job.status, ...statuses(job.agenda), ...statuses(job.instances)]).toEqual([status, status, status, status]);
  expect(farm.ask(verb, "job", "1001")).toEqual([]);
  await farm.farm.dispatcher.quiet();
  expect(job.status).toBe(status);
});

test("suspend stops processes where they are; resume lets them go on", async () => {
  const farm = await IdleFarm.open();
  const job = await farm.started({ command: ["sleep", "0.3"], timeout: 20 });
  const pid = job.agenda[0]?.process?.pid ?? 0;
  expect(farm.ask("suspend", "job", "1001")).toEqual(["1001"]);
  expect(farm.ask("suspend", "job", "1001")).toEqual([]);
  expect([job.status, ...statuses(job.agenda), ...statuses(job.instances)]).toEqual(Array(3).fill("suspended"));
  await until(() => processState(pid) === "T");
  await farm.farm.dispatcher.quiet();

  expect(farm.ask("resume", "job", "1001")).toEqual(["1001"]);
  expect(farm.ask("resume", "job", "1001")).toEqual([]);
  await until(() => job.status === "complete");
});

test("a suspended job can be killed", async () => {
  const farm = await IdleFarm.open();
  const job = await farm.started({ command: sleep });
  const pid = job.agenda[0]?.process?.pid ?? 0;
  farm.ask("suspend", "job", "1001");
  await until(() => processState(pid) === "T");
  farm.ask("kill", "job", "1001");
  await farm.farm.dispatcher.quiet();
  expect(isAlive(pid)).toBe(false);
});

test("suspend of a job that waits keeps it from beginning", async () => {
  const farm = await IdleFarm.open();
  const job = farm.submit({ command: ["true"] });
  expect(farm.ask("suspend", "job", "1001")).toEqual(["1001"]);
  await farm.farm.dispatcher.quiet();
  expect([job.status, job.agenda[0]?.count]).toEqual(["suspended", 0]);
  farm.ask("resume", "job", "1001");
  await until(() => job.status === "complete");
});

test("interrupt puts work back into the queue", async () => {
  const farm = await IdleFarm.open({ alpha: 1 });
  const job = await farm.started({ command: sleep });
  expect(farm.ask("interrupt", "job", "1001")).toEqual(["1001"]);
  expect([job.status, ...statuses(job.agenda), ...statuses(job.instances)]).toEqual(Array(3).fill("pending"));
  expect(farm.ask("interrupt", "job", "1001")).toEqual([]);
  await until(() => job.agenda[0]?.status === "running" && job.agenda[0].count === 2);
});

test("preempt lets other jobs go first", async () => {
  const farm = await IdleFarm.open({ alpha: 1 });
  const first = await farm.started({ command: sleep });
  const second = farm.submit({ command: sleep });
  expect(farm.ask("preempt", "job", "1001")).toEqual(["1001"]);
  await until(() => second.status === "running");
  expect(first.status).toBe("pending");
  expect(farm.ask("preempt", "job", "1001")).toEqual([]);
});

test("migrate goes on on another host", async () => {
  const farm = await IdleFarm.open({ alpha: 2, beta: 1 });
  const job = await farm.started({ command: sleep });
  expect(job.instances[0]?.host).toBe("alpha");
  expect(farm.ask("migrate", "job", "1001")).toEqual(["1001"]);
  await until(() => job.status === "running");
  expect(job.instances[0]?.host).toBe("beta");
});

test("top and bottom change who of one priority is next", async () => {
  const farm = await IdleFarm.open({ alpha: 1 });
  await farm.started({ command: sleep });
  const second = farm.submit({ command: sleep });
  const third = farm.submit({ command: sleep });
  const fourth = farm.submit({ command: sleep });
  expect(farm.ask("top", "job", "1004")).toEqual(["1004"]);
  expect(farm.ask("bottom", "job", "1002")).toEqual(["1002"]);
  expect(farm.events.slice(-2)).toEqual(["modified-job-1004", "modified-job-1002"]);
  for (const [running, next] of [
    ["1001", fourth],
    ["1004", third],
    ["1003", second],
  ] as const) {
    farm.ask("kill", "job", running);
    await until(() => next.status === "running");
  }
});

test("shove gets a job the next free slot whatever its priority", async () => {
  const farm = await IdleFarm.open({ alpha: 1 });
  const first = await farm.started({ command: sleep });
  farm.submit({ command: sleep });
  const low = farm.submit({ command: sleep, priority: 1 });
  expect(farm.ask("shove", "job", "1003")).toEqual(["1003"]);
  farm.ask("kill", "job", "1001");
  await until(() => low.status === "running");
  expect(farm.ask("shove", "job", "1003")).toEqual([]);
  expect(first.status).toBe("killed");
});
