import { expect, test } from "vitest";
import type { FarmJob } from "../../examples/farm/job.js";
import { IdleFarm, processState, until } from "../support/idle-farm.js";

const sleep = ["sleep", "60"];

function instances(job: FarmJob): string[] {
  return job.instances.map(({ status }) => status);
}

function work(job: FarmJob): string[] {
  return job.agenda.map(({ status }) => status);
}

/** A job with two instances on two hosts, each at work, and one item more than they can do at once. */
async function twoAtWork(): Promise<{ farm: IdleFarm; job: FarmJob }> {
  const farm = await IdleFarm.open();
  const job = await farm.started({ range: "1-3", cpus: 2, command: sleep }, 2);
  return { farm, job };
}

test("block keeps an instance from taking more; unblock lets it", async () => {
  const farm = await IdleFarm.open();
  const job = await farm.started({ range: "1-2", command: ["sleep", "0.2"] });
  expect(farm.ask("block", "subjob", "1001.0")).toEqual(["1001.0"]);
  expect(farm.ask("block", "subjob", "1001.0")).toEqual([]);
  await farm.farm.dispatcher.quiet();
  expect([job.status, ...instances(job), ...work(job)]).toEqual(["pending", "blocked", "complete", "pending"]);
  expect(farm.ask("unblock", "subjob", "1001.0")).toEqual(["1001.0"]);
  expect(farm.ask("unblock", "subjob", "1001.0")).toEqual([]);
  await until(() => job.status === "complete");
});

test("unblock of an instance still at work takes nothing from it", async () => {
  const farm = await IdleFarm.open();
  const job = await farm.started({ command: sleep });
  farm.ask("block", "subjob", "1001.0");
  farm.ask("unblock", "subjob", "1001.0");
  expect([...instances(job), ...work(job)]).toEqual(["running", "running"]);
});

test.each([
  ["kill", "killed"],
  ["fail", "failed"],
  ["complete", "complete"],
] as const)("%s ends an instance and leaves its work to the others", async (verb, status) => {
  const { farm, job } = await twoAtWork();
  expect(farm.ask(verb, "subjob", "1001.0")).toEqual(["1001.0"]);
  expect(farm.ask(verb, "subjob", "1001.0")).toEqual([]);
  expect([...instances(job), ...work(job)]).toEqual([status, "running", "pending", "running", "pending"]);
  expect(farm.events).toContain(`${status}-subjob-1001-0`);
});

test.each([
  ["kill", "killed"],
  ["fail", "failed"],
  ["complete", "complete"],
] as const)("%s of the last instance ends the job with it", async (verb, status) => {
  const { farm, job } = await twoAtWork();
  expect(farm.ask(verb, "subjob", "1001.0", "1001.1")).toEqual(["1001.0", "1001.1"]);
  expect([job.status, job.reason, ...work(job)]).toEqual([status, "no instance is left", status, status, status]);
});

test("remove takes an instance away, but never the last one", async () => {
  const { farm, job } = await twoAtWork();
  expect(farm.ask("remove", "subjob", "1001.0")).toEqual(["1001.0"]);
  expect(farm.events).toContain("removed-subjob-1001-0");
  expect([...instances(job), ...work(job)]).toEqual(["running", "pending", "running", "pending"]);
  expect(() => farm.ask("remove", "subjob", "1001.1")).toThrow("1001.1 is the job's only instance");
  expect(() => farm.ask("kill", "subjob", "1001.0")).toThrow('job 1001 has no instance "0"');
});

test("retry lets an instance that was killed take work again", async () => {
  const { farm, job } = await twoAtWork();
  expect(farm.ask("retry", "subjob", "1001.0")).toEqual([]);
  farm.ask("kill", "subjob", "1001.0");
  expect(farm.ask("retry", "subjob", "1001.0")).toEqual(["1001.0"]);
  await until(() => instances(job).every((status) => status === "running"));
  expect(job.agenda[0]?.count).toBe(2);
});

test("requeue puts an instance's work back, and revives one that has ended", async () => {
  const { farm, job } = await twoAtWork();
  expect(farm.ask("requeue", "subjob", "1001.0")).toEqual(["1001.0"]);
  expect([instances(job)[0], work(job)[0]]).toEqual(["pending", "pending"]);
  await until(() => job.agenda[0]?.count === 2);
  farm.ask("complete", "subjob", "1001.0");
  expect(farm.ask("requeue", "subjob", "1001.0")).toEqual(["1001.0"]);
  await until(() => instances(job).every((status) => status === "running"));
});

test("suspend stops an instance where it is; resume lets it go on", async () => {
  const { farm, job } = await twoAtWork();
  const pid = job.agenda[0]?.process?.pid ?? 0;
  expect(farm.ask("suspend", "subjob", "1001.0")).toEqual(["1001.0"]);
  expect(farm.ask("suspend", "subjob", "1001.0")).toEqual([]);
  await until(() => processState(pid) === "T");
  expect([job.status, ...instances(job), ...work(job)]).toEqual([
    "running",
    "suspended",
    "running",
    "suspended",
    "running",
    "pending",
  ]);
  expect(farm.ask("resume", "subjob", "1001.0")).toEqual(["1001.0"]);
  expect(farm.ask("resume", "subjob", "1001.0")).toEqual([]);
  await until(() => processState(pid) === "S");
  expect([instances(job)[0], work(job)[0]]).toEqual(["running", "running"]);
});

test("interrupt gives the slot of one instance up", async () => {
  const { farm, job } = await twoAtWork();
  expect(farm.ask("interrupt", "subjob", "1001.0")).toEqual(["1001.0"]);
  expect(farm.ask("interrupt", "subjob", "1001.0")).toEqual([]);
  expect([job.status, ...instances(job)]).toEqual(["running", "pending", "running"]);
  await until(() => job.agenda[0]?.count === 2);
});

test("preempt gives the slot of one instance to another job", async () => {
  const { farm, job } = await twoAtWork();
  const other = farm.submit({ command: sleep });
  expect(farm.ask("preempt", "subjob", "1001.0")).toEqual(["1001.0"]);
  expect(farm.ask("preempt", "subjob", "1001.0")).toEqual([]);
  await until(() => other.status === "running");
  expect(instances(job)).toEqual(["pending", "running"]);
});

test("migrate goes on on another host", async () => {
  const farm = await IdleFarm.open({ alpha: 2, beta: 1 });
  const job = await farm.started({ command: sleep });
  expect(job.instances[0]?.host).toBe("alpha");
  expect(farm.ask("migrate", "subjob", "1001.0")).toEqual(["1001.0"]);
  await until(() => instances(job)[0] === "running");
  expect(job.instances[0]?.host).toBe("beta");
});

test("top, bottom and shove of an instance are those of its job", async () => {
  const farm = await IdleFarm.open({ alpha: 1 });
  await farm.started({ command: sleep });
  farm.submit({ command: sleep });
  const third = farm.submit({ command: sleep });
  const low = farm.submit({ command: sleep, priority: 1 });
  expect(farm.ask("top", "subjob", "1003.0")).toEqual(["1003.0"]);
  expect(farm.ask("bottom", "subjob", "1002.0")).toEqual(["1002.0"]);
  farm.ask("kill", "job", "1001");
  await until(() => third.status === "running");
  expect(farm.ask("shove", "subjob", "1004.0")).toEqual(["1004.0"]);
  farm.ask("kill", "job", "1003");
  await until(() => low.status === "running");
});
