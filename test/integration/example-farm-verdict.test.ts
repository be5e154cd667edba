import { expect, test } from "vitest";
import { IdleFarm, until } from "../support/idle-farm.js";

test("the verdict on a job waits for the callbacks that its work has fired", async () => {
  const farm = await IdleFarm.open();
  let pending = true;
  farm.farm.callbacksPending = () => pending;
  const job = farm.submit({ command: ["false"] });
  await until(() => job.agenda[0]?.status === "failed");
  expect(job.status).toBe("running");
  expect(farm.farm.dispatcher.isQuiet).toBe(false);
  pending = false;
  farm.farm.settle(job);
  expect(job.status).toBe("failed");
  await farm.farm.dispatcher.quiet();
});

test("a work item that is retried in the meantime keeps the job from ever having failed", async () => {
  const farm = await IdleFarm.open();
  farm.farm.callbacksPending = () => farm.farm.jobs.get(1001)?.agenda[0]?.status === "failed";
  const command = ["python3", "-c", "import sys; sys.exit(sys.argv[1] == '1')", "{attempt}"];
  const job = farm.submit({ command });
  await until(() => job.agenda[0]?.status === "failed");
  farm.ask("retry", "work", "1001:1");
  await until(() => job.status === "complete");
  expect(farm.events).not.toContain("failed-job-1001");
});

test("callbacks that take too long are not waited for", async () => {
  const farm = await IdleFarm.open();
  farm.farm.callbacksPending = () => true;
  const job = farm.submit({ command: ["true"] });
  await until(() => job.status === "complete");
  await farm.farm.dispatcher.quiet();
});

test("a job that is killed or removed while its verdict waits leaves nothing behind", async () => {
  const farm = await IdleFarm.open();
  farm.farm.callbacksPending = () => true;
  const [first, second] = [farm.submit({ command: ["true"] }), farm.submit({ command: ["true"] })];
  await until(() => [first, second].every(({ agenda }) => agenda[0]?.status === "complete"));
  expect(farm.ask("kill", "job", "1001")).toEqual(["1001"]);
  expect(farm.ask("remove", "job", "1002")).toEqual(["1002"]);
  expect(farm.farm.undecided).toBe(false);
  await farm.farm.dispatcher.quiet();
  expect(farm.events.filter((event) => /complete-job/.test(event))).toEqual([]);
});
