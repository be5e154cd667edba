import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { expandCommand, type JobList, readJobList } from "../../examples/farm/job-list.js";

async function read(text: string): Promise<{ list: JobList; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "ucb-list-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "jobs.json"), text);
  return { list: await readJobList(join(folder, "jobs.json"), 501), folder };
}

function readJobs(...jobs: unknown[]) {
  return read(JSON.stringify({ jobs }));
}

const command = ["true"];

test("a list in full", async () => {
  const { list, folder } = await read(
    JSON.stringify({
      hosts: { big: 8 },
      jobs: [
        {
          name: "scenes",
          label: "ribgen",
          user: "ana",
          range: "1-5x2,9",
          command: ["{here}/run", "{frame}"],
          result: "r/{frame}",
        },
        {
          name: "render",
          pid: "ribgen",
          pgrp: 0,
          status: "blocked",
          cpus: 3,
          priority: 7,
          timeout: 1.5,
          command,
          agenda: [{ name: "a b" }, { name: "c", command: ["false"], timeout: 9, result: "c" }],
        },
      ],
    }),
  );
  expect(list.hosts).toEqual({ big: 8 });
  const [scenes, render] = list.jobs;
  expect(scenes).toMatchObject({ label: "ribgen", user: "ana", status: "pending", cpus: 1, pid: null, pgrp: null });
  expect(scenes?.agenda.map(({ name }) => name)).toEqual(["1", "3", "5", "9"]);
  expect(scenes?.agenda[1]).toMatchObject({ command: [`${folder}/run`, "{frame}"], result: "r/3", timeout: null });
  expect(render).toMatchObject({ pid: 501, pgrp: 501, status: "blocked", cpus: 3, priority: 7 });
  expect(render?.agenda).toEqual([
    { name: "a b", command: ["true"], result: null, timeout: 1.5 },
    { name: "c", command: ["false"], result: "c", timeout: 9 },
  ]);
});

test("placeholders are filled in, and other braces stay", () => {
  const values = { frame: "17", result: "/out/17", attempt: "2" };
  expect(expandCommand(["{frame}-{attempt}", "{result}", "{'a': 1}", "{other}"], values)).toEqual([
    "17-2",
    "/out/17",
    "{'a': 1}",
    "{other}",
  ]);
});

test.each<[string, unknown[], string]>([
  ["an unknown field", [{ name: "x", comand: command }], 'job 0 ("x"): comand: there is no such field'],
  ["no name", [{ command }], "job 0: name: it is missing"],
  ["a job that is none", [{ name: "x", command }, 5], "job 1: a job, with at least a name and a command, is expected"],
  [
    "a command in one text",
    [{ name: "x", command: "ls -l" }],
    'command: a list such as ["program", "argument"] is expected',
  ],
  ["an empty command", [{ name: "x", command: [] }], "command: a program and its arguments are expected"],
  ["an empty program", [{ name: "x", command: [""] }], "command: the program's name is empty"],
  ["no command", [{ name: "x" }], 'work item "1": neither it nor the job has a command'],
  ["no instances", [{ name: "x", command, cpus: 0 }], "cpus: at least 1 is expected"],
  ["half an instance", [{ name: "x", command, cpus: 0.5 }], "cpus: a whole number is expected"],
  ["an unknown status", [{ name: "x", command, status: "done" }], 'status: "pending" or "blocked" is expected'],
  ["a wrong range", [{ name: "x", command, range: "1-x" }], 'range: "1-x" is neither a frame nor a range such as 1-10'],
  ["an empty range", [{ name: "x", command, range: "5-1" }], 'range: "5-1" has no frames'],
  ["a huge range", [{ name: "x", command, range: "1-99999999" }], "range: more than 10000 frames"],
  ["range and agenda", [{ name: "x", command, range: "1", agenda: [] }], "range and agenda both name work items"],
  [
    "equal items",
    [{ name: "x", command, agenda: [{ name: "a" }, { name: "a" }] }],
    'there are two work items named "a"',
  ],
  ["a result elsewhere", [{ name: "x", command, result: "../x" }], "result: a path inside the project is expected"],
  ["no time", [{ name: "x", command, timeout: 0 }], "timeout: more than 0 seconds are expected"],
  ["an unknown label", [{ name: "x", command, pid: "nobody" }], 'pid: no earlier job has the label "nobody"'],
  ["itself as parent", [{ name: "x", command, pid: 0 }], "pid: 0 is not the index of an earlier job"],
  [
    "a later job",
    [
      { name: "x", command, pgrp: 1 },
      { name: "y", command },
    ],
    "pgrp: 1 is not the index of an earlier job",
  ],
  [
    "a label of two jobs",
    [
      { name: "x", label: "a", command },
      { name: "y", label: "a", command },
      { name: "z", pid: "a", command },
    ],
    'job 2 ("z"): pid: jobs 0 and 1 have the label "a": use the index of the one you mean',
  ],
  ["a wrong item", [{ name: "x", command, agenda: [{ nam: "a" }] }], "agenda.0.name: it is missing"],
])("%s is refused with the reason", async (_what, jobs, reason) => {
  await expect(readJobs(...jobs)).rejects.toThrow(reason);
});

test("what is wrong with the file itself is said with its name", async () => {
  await expect(read("{")).rejects.toThrow(/jobs\.json: not valid JSON: .*line 1, column 2/);
  await expect(read('{\n  "jobs": [\n    1,,\n  ]\n}')).rejects.toThrow(/jobs\.json: not valid JSON: .* 1,, .*/);
  await expect(read("5")).rejects.toThrow('jobs.json: an object with a list of "jobs" is expected');
  await expect(read('{"jobs":[]}')).rejects.toThrow("jobs.json: jobs: at least one job is expected");
  await expect(readJobList("/nowhere/jobs.json", 1)).rejects.toThrow("the job list cannot be read: ENOENT");
});
