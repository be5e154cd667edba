import { expect, test } from "vitest";
import type { FarmJob } from "../../examples/farm/job.js";
import { IdleFarm, isAlive, processState, until } from "../support/idle-farm.js";

const sleep = ["sleep", "60"];

function work(job: FarmJob): string[] {
  return job.agenda.map(({ status }) => status);
}

function names(job: FarmJob): string[] {
  return job.agenda.map(({ name }) => name);
}

/** A job that is busy with its first item; two more wait. */
async function busy(): Promise<{ farm: IdleFarm; job: FarmJob; pid: number }> {
  const farm = await IdleFarm.open({ alpha: 1 });
  const job = await farm.started({ range: "1-3", command: sleep });
  return { farm, job, pid: job.agenda[0]?.process?.pid ?? 0 };
}

test("block holds an item back, and the job is not done until it is unblocked", async () => {
  const farm = await IdleFarm.open();
  const job = farm.submit({ range: "1-2", command: ["true"] });
  expect(farm.ask("block", "work", "1001:1")).toEqual(["1001:1"]);
  expect(farm.ask("block", "work", "1001:1")).toEqual([]);
  expect(farm.events.at(-1)).toBe("blocked-work-1001-1");
  await farm.farm.dispatcher.quiet();
  expect([job.status, ...work(job)]).toEqual(["pending", "blocked", "complete"]);
  expect(farm.ask("unblock", "work", "1001:1")).toEqual(["1001:1"]);
  expect(farm.ask("unblock", "work", "1001:1")).toEqual([]);
  await until(() => job.status === "complete");
});

test.each([
  ["kill", "killed"],
  ["fail", "failed"],
  ["complete", "complete"],
] as const)("%s ends an item that runs, and its instance takes the next", async (verb, status) => {
  const { farm, job, pid } = await busy();
  expect(farm.ask(verb, "work", "1001:1")).toEqual(["1001:1"]);
  expect(farm.ask(verb, "work", "1001:1")).toEqual([]);
  await until(() => work(job)[1] === "running");
  expect(work(job)[0]).toBe(status);
  expect(isAlive(pid)).toBe(false);
});

test.each([
  ["kill", "killed"],
  ["fail", "failed"],
  ["complete", "complete"],
] as const)("%s of all items that wait ends the job", async (verb, status) => {
  const farm = await IdleFarm.open();
  const job = farm.submit({ range: "1-2", command: sleep, status: "blocked" });
  expect(farm.ask(verb, "work", "1001:1", "1001:2")).toEqual(["1001:1", "1001:2"]);
  expect([job.status, ...work(job)]).toEqual([status, status, status]);
  expect(job.agenda.map(({ count }) => count)).toEqual([0, 0]);
});

test("what is done to the items of a job that has ended changes how it ended", async () => {
  const farm = await IdleFarm.open();
  const job = farm.submit({ command: ["false"] });
  await until(() => job.status === "failed");
  expect(farm.ask("complete", "work", "1001:1")).toEqual(["1001:1"]);
  expect(job.status).toBe("complete");
  farm.ask("fail", "work", "1001:1");
  expect([job.status, job.reason]).toEqual(["failed", "1 of 1 work items failed"]);
});

test("remove takes an item out of the agenda", async () => {
  const { farm, job, pid } = await busy();
  expect(farm.ask("remove", "work", "1001:1", "1001:3")).toEqual(["1001:1", "1001:3"]);
  expect(farm.events).toContain("removed-work-1001-1");
  await until(() => work(job)[0] === "running");
  expect(names(job)).toEqual(["2"]);
  expect(isAlive(pid)).toBe(false);
  expect(() => farm.ask("retry", "work", "1001:1")).toThrow('job 1001 has no work item "1"');
});

test("retry runs a failed item again and the job with it", async () => {
  const farm = await IdleFarm.open();
  const job = farm.submit({
    agenda: [
      { name: "good", command: ["true"] },
      { name: "bad one", command: ["false"] },
    ],
  });
  await until(() => job.status === "failed");
  expect(farm.ask("retry", "work", "1001:good")).toEqual([]);
  expect(farm.ask("retry", "work", "1001:bad one")).toEqual(["1001:bad one"]);
  expect([job.status, ...work(job)]).toEqual(["pending", "complete", "pending"]);
  await until(() => job.status === "failed");
  expect(job.agenda.map(({ record }, index) => record.call(job.agenda[index]).count)).toEqual([1, 2]);
});

test("requeue runs an item again whatever became of it", async () => {
  const farm = await IdleFarm.open();
  const job = farm.submit({ command: ["true"] });
  await until(() => job.status === "complete");
  expect(farm.ask("requeue", "work", "1001:1")).toEqual(["1001:1"]);
  expect(farm.ask("requeue", "work", "1001:1")).toEqual([]);
  await until(() => job.status === "complete");
  expect(job.agenda[0]?.count).toBe(2);
});

test("requeue of an item that runs begins it anew", async () => {
  const { farm, job, pid } = await busy();
  expect(farm.ask("requeue", "work", "1001:1")).toEqual(["1001:1"]);
  expect(work(job)[0]).toBe("pending");
  await until(() => job.agenda[0]?.status === "running");
  expect(isAlive(pid)).toBe(false);
});

test("suspend stops one item where it is; resume lets it go on", async () => {
  const { farm, job, pid } = await busy();
  expect(farm.ask("suspend", "work", "1001:1", "1001:2")).toEqual(["1001:1", "1001:2"]);
  expect(farm.ask("suspend", "work", "1001:1")).toEqual([]);
  await until(() => processState(pid) === "T");
  expect([job.status, ...work(job)]).toEqual(["running", "suspended", "suspended", "pending"]);
  expect(farm.ask("resume", "work", "1001:1", "1001:2")).toEqual(["1001:1", "1001:2"]);
  expect(farm.ask("resume", "work", "1001:1")).toEqual([]);
  expect(work(job)).toEqual(["running", "pending", "pending"]);
  await until(() => processState(pid) === "S");
});

test("interrupt puts an item that runs back into the queue", async () => {
  const { farm, job } = await busy();
  expect(farm.ask("interrupt", "work", "1001:1", "1001:2")).toEqual(["1001:1"]);
  expect([job.status, ...work(job)]).toEqual(["pending", "pending", "pending", "pending"]);
  await until(() => job.agenda[0]?.count === 2);
});

test("preempt puts an item that runs behind the others", async () => {
  const { farm, job } = await busy();
  expect(farm.ask("preempt", "work", "1001:1", "1001:2")).toEqual(["1001:1"]);
  expect(names(job)).toEqual(["2", "3", "1"]);
  await until(() => work(job)[0] === "running");
});

test("migrate runs an item on another host", async () => {
  const farm = await IdleFarm.open({ alpha: 2, beta: 1 });
  const job = await farm.started({ command: sleep });
  expect(job.agenda[0]?.record().host).toBe("alpha");
  expect(farm.ask("migrate", "work", "1001:1")).toEqual(["1001:1"]);
  await until(() => work(job)[0] === "running");
  expect(job.agenda[0]?.record().host).toBe("beta");
  farm.ask("block", "job", "1001");
  farm.ask("kill", "work", "1001:1");
  expect(farm.ask("migrate", "work", "1001:1")).toEqual([]);
});

test("top, bottom and shove change which item is next", async () => {
  const { farm, job } = await busy();
  expect(farm.ask("top", "work", "1001:3")).toEqual(["1001:3"]);
  expect(farm.events.at(-1)).toBe("modified-work-1001-3");
  expect(names(job)).toEqual(["3", "1", "2"]);
  expect(farm.ask("bottom", "work", "1001:3")).toEqual(["1001:3"]);
  expect(names(job)).toEqual(["1", "2", "3"]);
  expect(farm.ask("shove", "work", "1001:1")).toEqual([]);
  expect(farm.ask("shove", "work", "1001:3")).toEqual(["1001:3"]);
  farm.ask("kill", "work", "1001:1");
  await until(() => job.agenda.find(({ name }) => name === "3")?.status === "running");
});

test("a command that takes too long is ended and counted as failed; time spent suspended does not count", async () => {
  const farm = await IdleFarm.open();
  const job = await farm.started({ command: sleep, timeout: 0.3 });
  farm.ask("suspend", "work", "1001:1");
  await farm.farm.dispatcher.quiet();
  expect(farm.events).not.toContain("timeout-work-1001-1");
  farm.ask("resume", "work", "1001:1");
  await until(() => job.status === "failed");
  expect(farm.events).toContain("timeout-work-1001-1");
  expect(job.agenda[0]?.reason).toBe("not finished after 0.3 s");
});

test("a command that does not exist fails with the system's words", async () => {
  const farm = await IdleFarm.open();
  const job = farm.submit({ command: ["/nowhere/render"] });
  await until(() => job.status === "failed");
  expect(job.agenda[0]?.reason).toBe("spawn /nowhere/render ENOENT");
});

test("an action with an id that does not exist changes nothing", async () => {
  const { farm, job } = await busy();
  expect(() => farm.ask("kill", "work", "1001:1", "1001:9")).toThrow('job 1001 has no work item "9"');
  expect(() => farm.ask("kill", "work", "77:1")).toThrow("there is no job 77");
  expect(work(job)).toEqual(["running", "pending", "pending"]);
});
