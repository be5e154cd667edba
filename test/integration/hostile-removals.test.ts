import { writeFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import type { Job } from "../../lib/index.js";
import { filedOutput } from "../support/filed-output.js";
import { heldBeyond, holdings } from "../support/scenarios/holdings.mjs";
import { openEngine, temporarySite } from "../support/temporary-site.js";

const jobs = 10_000;
/** Every so many jobs have a script beside the function. */
const scriptEvery = 500;

test("10,000 jobs are removed while their callbacks run, and every run ends as if they were not", async () => {
  const site = temporarySite({
    "callbacks.conf": "gate.pl = failed-job-self\n[*]\nwarm = no\n",
    "gate.pl": `select(undef, undef, undef, 0.01) until -e "gate"; print qb::jobid(), " ", (qb::jobinfo("-id", qb::jobid()))[0]{name}, "\\n";`,
  });
  // Waiting functions take a place as long as they wait.
  const { engine, ended } = await openEngine(site, { strict: true, maxRunning: 2 * jobs });
  engine.register({ name: "warm", on: "blocked-job-self", run: () => undefined });
  engine.emit("blocked-job-1");
  await engine.idle();
  const before = holdings();
  ended.length = 0;

  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const known: Job[] = [];
  engine.register({
    name: "waits",
    on: "complete-job-self && running-job-self",
    run: async ({ job }) => {
      await gate;
      known.push(job);
    },
  });
  engine.register({ name: "removed", on: "removed-job-self", run: () => undefined });
  for (let id = 1; id <= jobs; id++) {
    engine.submit({ id, name: `job ${id}`, label: "render" });
    engine.emit(`running-job-${id}`);
    engine.emit(`complete-job-${id}`);
    // A script for a few, and its job is removed as soon as it has fired.
    if (id % scriptEvery === 0) expect(engine.emit(`failed-job-${id}`)).toBe(1);
    // Every other job at once, while nothing of it has begun.
    if (id % 2 === 0) engine.emit(`removed-job-${id}`);
  }
  await vi.waitUntil(() => engine.load.queued === 0, { timeout: 30_000 });
  for (let id = 1; id <= jobs; id += 2) engine.emit(`removed-job-${id}`);
  // Nothing of a job that is gone fires any more.
  for (let id = 1; id <= jobs; id++) expect(engine.emit(`complete-job-${id}`)).toBe(0);

  writeFileSync(`${site.directory}/gate`, "");
  go();
  await engine.idle();
  const counts = new Map<string, number>();
  for (const { callback, state } of ended) {
    const key = `${callback} ${state}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  expect(Object.fromEntries(counts)).toEqual({
    "waits succeeded": jobs,
    "removed succeeded": jobs,
    "gate.pl succeeded": jobs / scriptEvery,
  });
  expect(known.map(({ id, name }) => name === `job ${id}`)).toEqual(Array(jobs).fill(true));
  expect(new Set(known.map(({ id }) => id)).size).toBe(jobs);
  for (const run of ended.filter(({ callback }) => callback === "gate.pl")) {
    expect(filedOutput(run)).toBe(`${run.jobId} job ${run.jobId}\n`);
  }
  expect(engine.load).toEqual({ queued: 0, running: 0, delayed: 0 });
  expect(await heldBeyond(before)).toEqual({ descriptors: 0, threads: 0, children: 0 });
});
