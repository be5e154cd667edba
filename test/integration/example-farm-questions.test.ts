import { userInfo } from "node:os";
import { expect, test } from "vitest";
import { IdleFarm, until } from "../support/idle-farm.js";

async function threeJobs(): Promise<IdleFarm> {
  const farm = await IdleFarm.open({ alpha: 1, beta: 1 });
  farm.submit({ name: "one", label: "render", user: "ana", range: "1-2", command: ["true"], status: "blocked" });
  farm.submit({ name: "two", label: "sim", user: "ben", pgrp: 1001, command: ["true"], status: "blocked", cpus: 2 });
  farm.submit({ name: "three", command: ["true"], priority: 7, fields: { prod_shot: "shot010" } });
  await until(() => farm.farm.jobs.get(1003)?.status === "complete");
  return farm;
}

test.each([
  [{}, [1001, 1002, 1003]],
  [{ id: [1001, 1003] }, [1001, 1003]],
  [{ id: [99] }, []],
  [{ pgrp: [1001] }, [1001, 1002]],
  [{ status: ["blocked"] }, [1001, 1002]],
  [{ status: ["complete"] }, [1003]],
  [{ user: ["ben"] }, [1002]],
  [{ user: [userInfo().username] }, [1003]],
  [{ name: ["one", "three"] }, [1001, 1003]],
  [{ label: ["sim"] }, [1002]],
  [{ pgrp: [1001], label: ["render"] }, [1001]],
  [{ filters: { prod_shot: ["shot010"] } }, [1003]],
  [{ filters: { priority: ["7"] } }, [1003]],
])("jobInfo finds jobs by %j", async (query, ids) => {
  const farm = await threeJobs();
  expect(farm.supervisor.jobInfo(query).map(({ id }) => id)).toEqual(ids);
});

test("a record holds what callbacks read, and its parts only when they are asked for", async () => {
  const farm = await threeJobs();
  const [plain] = farm.supervisor.jobInfo({ id: [1002] });
  expect(plain).toMatchObject({
    id: 1002,
    name: "two",
    label: "sim",
    user: "ben",
    status: "blocked",
    pid: 0,
    pgrp: 1001,
    priority: 100,
    cpus: 2,
    todotally: { pending: 1 },
    cpustally: { pending: 2 },
    timestart: 0,
    timecomplete: 0,
  });
  expect(Object.keys(plain ?? {})).not.toEqual(expect.arrayContaining(["agenda"]));
  const [full] = farm.supervisor.jobInfo({ id: [1003], agenda: true, subjobs: true, callbacks: true });
  expect(full).toMatchObject({
    status: "complete",
    prod_shot: "shot010",
    agenda: [{ name: "1", status: "complete", count: 1, retry: 0, host: "alpha", subid: 0 }],
    subjobs: [{ id: 0, pid: 1003, status: "complete", count: 1 }],
    callbacks: [],
  });
  expect(full?.timecomplete).toBeGreaterThanOrEqual(Number(full?.timestart));
  expect(Math.abs(Number(full?.timesubmit) - Date.now() / 1000)).toBeLessThan(60);
});

test("hostInfo tells which hosts there are and what they are busy with", async () => {
  const farm = await IdleFarm.open({ alpha: 1, beta: 2 });
  await farm.started({ range: "1-2", cpus: 2, command: ["sleep", "60"] }, 2);
  expect(farm.supervisor.hostInfo({})).toEqual([
    { name: "alpha", status: "active", cpus: 1, used: 1, subjobs: ["1001.1"] },
    { name: "beta", status: "active", cpus: 2, used: 1, subjobs: ["1001.0"] },
  ]);
  expect(farm.supervisor.hostInfo({ name: ["beta", "gamma"] }).map(({ name }) => name)).toEqual(["beta"]);
  expect(farm.supervisor.hostInfo({ cpus: 2 }).map(({ name }) => name)).toEqual(["beta"]);
});

test("submit takes a job that runs like any other, and says what is wrong with one that cannot", async () => {
  const farm = await threeJobs();
  const record = farm.supervisor.submit({ name: "four", pid: 1003, pgrp: 1001, command: ["true"] });
  expect(record).toMatchObject({ id: 1004, pid: 1003, pgrp: 1001, agenda: [{ name: "1", status: "pending" }] });
  await until(() => farm.farm.jobs.get(1004)?.status === "complete");
  expect(() => farm.supervisor.submit({ name: "five", pid: 77, command: ["true"] })).toThrow("pid: there is no job 77");
  expect(() => farm.supervisor.submit({ command: ["true"] })).toThrow("name: it is missing");
  expect(() => farm.supervisor.submit({ name: "five" })).toThrow('work item "1": neither it nor the job has a command');
});
