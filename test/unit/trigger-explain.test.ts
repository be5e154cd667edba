import { describe, expect, it } from "vitest";
import { parseEvent } from "../../lib/trigger/event.js";
import { explainTrigger } from "../../lib/trigger/explain.js";
import type { AttachedJob } from "../../lib/trigger/matcher.js";
import { parseTriggerOrThrow } from "../../lib/trigger/parse.js";

function explain(trigger: string, event: string, jobs: AttachedJob[] = []) {
  return explainTrigger(parseTriggerOrThrow(trigger), parseEvent(event), jobs);
}

const group: AttachedJob[] = [
  { id: 1001, label: "render" },
  { id: 1002, pgrp: 1001, pid: 1001, label: "comp" },
  { id: 1003, pgrp: 1001, pid: 1001 },
  { id: 2000, label: "alone" },
];

describe("why one event pattern is satisfied", () => {
  it.each<[string, string, number[], string]>([
    ["complete-job-self", "complete-job-7", [7], "it happens to job 7"],
    ["complete-job-7", "complete-job-7", [7], "it happens to job 7"],
    ["done-job-self", "killed-job-7", [7], "done follows from killed, it happens to job 7"],
    ["d*-job-self", "failed-job-7", [7], "done follows from failed, it happens to job 7"],
    ["done-job-self", "done-job-7", [7], "it happens to job 7"],
    ["*-job-self", "failed-job-7", [7], "it happens to job 7"],
    ["done-job-parent", "done-job-1001", [1002, 1003], "job 1001 is the parent of jobs 1002, 1003"],
    [
      "done-job-comp",
      "failed-job-1002",
      [1001, 1003],
      'done follows from failed, job 1002 is "comp" in the process group of jobs 1001, 1003',
    ],
    ["globaltime-5", "globaltime-5", [0], "it happens without a job"],
  ])("%s by %s", (trigger, event, owners, reason) => {
    expect(explain(trigger, event, group)).toEqual({
      fires: true,
      owners,
      terms: [{ text: trigger, satisfied: true, owners, reason }],
    });
  });
});

describe("why one event pattern is not satisfied", () => {
  it.each<[string, string, string]>([
    ["failed-job-self", "complete-job-7", 'name is "failed", the event\'s is "complete"'],
    ["complete-job-self", "done-job-7", 'name is "complete", the event\'s is "done"'],
    ["complete-job-self", "complete-work-7-1", "type is job, the event's is work"],
    ["complete-*o*-self-*", "complete-time-7-1", "type is job or subjob or work or host, the event's is time"],
    ["complete-job-self", "globaltime-7", "type is job, the event's is globaltime"],
    ["globaltime-7", "dummy-time-7-7", "type is globaltime, the event's is time"],
    ["globaltime-7", "globalrepeat-7-1", "type is globaltime, the event's is globalrepeat"],
    ["done-work-self-10*", "done-work-7-7", 'extra "10*" does not match "7"'],
    ["globaltime-7", "globaltime-8", 'extra "7" does not match "8"'],
    ["done-work-self-1", "done-work-7", 'extra "1" is asked for, the event has none'],
    ["done-w*-self", "done-work-7-1", 'no extra is asked for, the event has "1"'],
    ["running-job-19294", "running-job-1001", "context 19294 is not job 1001"],
    ["done-job-parent", "done-job-1002", "job 1002 is not the parent of any attached job"],
    ["done-job-render", "done-job-7", 'label "render" cannot be compared: job 7 is not attached'],
    ["done-job-render", "done-job-1003", 'label is "render", job 1003 has none'],
    ["done-job-ren*", "done-job-1002", 'label is "ren*", that of job 1002 is "comp"'],
    ["done-job-alone", "done-job-2000", 'label "alone" fits, but job 2000 is alone in process group 2000'],
    // What the event itself says comes before who it concerns.
    ["failed-job-render", "complete-job-1003", 'name is "failed", the event\'s is "complete"'],
  ])("%s by %s", (trigger, event, reason) => {
    expect(explain(trigger, event, group)).toEqual({
      fires: false,
      owners: [],
      terms: [{ text: trigger, satisfied: false, owners: [], reason }],
    });
  });
});

describe("what an expression makes of it", () => {
  const reasonsOf = (trigger: string, event: string, jobs = group) =>
    explain(trigger, event, jobs).terms.map(({ reason }) => reason);

  it("waits for the rest of &&, for the jobs that have seen a part", () => {
    const explanation = explain("complete-job-self && complete-job-parent", "complete-job-1002", group);
    expect(explanation.fires).toBe(false);
    expect(explanation.terms.map(({ satisfied, reason }) => [satisfied, reason])).toEqual([
      [true, "it happens to job 1002"],
      [false, "job 1002 is not the parent of any attached job; the trigger then waits for this, for job 1002"],
    ]);
  });

  it("does not fire for different jobs together", () => {
    const explanation = explain("complete-job-self && complete-job-parent", "complete-job-1001", group);
    expect(explanation.fires).toBe(false);
    expect(explanation.terms.map(({ satisfied, reason }) => [satisfied, reason])).toEqual([
      [true, "it happens to job 1001; for jobs 1002, 1003 it is still missing"],
      [true, "job 1001 is the parent of jobs 1002, 1003; for job 1001 it is still missing"],
    ]);
  });

  it("fires for those that have all of it", () => {
    const jobs = [...group, { id: 5, pid: 5 }];
    expect(explain("complete-job-self && done-job-self", "complete-job-7")).toMatchObject({ fires: true, owners: [7] });
    expect(explain("done-job-self && done-job-parent", "done-job-5", jobs)).toMatchObject({ fires: true, owners: [5] });
    expect(reasonsOf("done-job-self && done-job-self", "done-job-7")[0]).toBe("it happens to job 7");
  });

  it("does not wait beside &&, nor for what a removed job has seen", () => {
    expect(reasonsOf("a-job-self || (b-job-self && c-job-self)", "a-job-7").join()).not.toContain("waits");
    expect(reasonsOf("removed-job-self && c-job-self", "removed-job-7").join()).not.toContain("waits");
    expect(reasonsOf("removed-job-parent && c-job-self", "removed-job-1001")[1]).toContain(
      "waits for this, for jobs 1002, 1003",
    );
    expect(reasonsOf("globaltime-1 && globaltime-2", "globaltime-1")[1]).toBe(
      'extra "2" does not match "1"; the trigger then waits for this',
    );
  });

  it("does not wait for the other side of an || that is true", () => {
    const jobs = [
      { id: 1001, label: "sim" },
      { id: 1002, pgrp: 1001 },
    ];
    expect(reasonsOf("(done-job-sim || failed-job-sim) && running-job-self", "complete-job-1001", jobs)).toEqual([
      'done follows from complete, job 1001 is "sim" in the process group of job 1002',
      'name is "failed", the event\'s is "complete"',
      'name is "running", the event\'s is "complete"; the trigger then waits for this, for job 1002',
    ]);
  });

  it("names five jobs and counts the others", () => {
    const jobs = Array.from({ length: 1000 }, (_, index) => ({ id: index + 10, pid: 1 }));
    expect(reasonsOf("done-job-parent", "done-job-1", jobs)).toEqual([
      "job 1 is the parent of jobs 10, 11, 12, 13, 14 and 995 more",
    ]);
  });

  it("fires for every job that || finds", () => {
    expect(explain("a-job-self || b-job-parent", "a-job-1001", group)).toMatchObject({ fires: true, owners: [1001] });
    expect(explain("a-job-self || a-job-parent", "a-job-1001", group)).toMatchObject({ owners: [1001, 1002, 1003] });
  });

  it("takes the last of two records of a job, as the matcher does", () => {
    const jobs = [
      { id: 5, pid: 1 },
      { id: 5, pid: 2 },
    ];
    expect(explain("done-job-parent", "done-job-1", jobs).fires).toBe(false);
    expect(explain("done-job-parent", "done-job-2", jobs).owners).toEqual([5]);
  });
});
