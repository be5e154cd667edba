import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitsNothing, matchJobs } from "../../lib/bridge/job-query.js";
import type { Job, JobQuery } from "../../lib/bridge/supervisor.js";

const shot: Job = { id: 1, name: "shot010", label: "render", status: "running", user: "ana", pgrp: 1, priority: 9999 };
const child: Job = {
  id: 2,
  name: "comp",
  label: "comp",
  status: "blocked",
  user: "ana",
  pid: 1,
  pgrp: 1,
  kind: "nuke",
};
const other: Job = { id: 3, name: "sim", status: "running", user: "bo", pgrp: 0, locked: true, kind: null };
const jobs = [shot, child, other];

function ids(query: JobQuery): number[] {
  return matchJobs(jobs, query).map(({ id }) => id);
}

describe("a query", () => {
  test.each<[string, JobQuery, number[]]>([
    ["with nothing asks for all", {}, [1, 2, 3]],
    ["by id", { id: [3, 1] }, [1, 3]],
    ["by process group, which is the job's own id where none is given", { pgrp: [3] }, [3]],
    ["by process group of several", { pgrp: [1] }, [1, 2]],
    ["by status", { status: ["running"] }, [1, 3]],
    ["by alternatives of one field", { status: ["blocked", "running"], user: ["ana"] }, [1, 2]],
    ["by all of several fields", { status: ["running"], user: ["ana"], name: ["shot010"], label: ["render"] }, [1]],
    ["by a number as text", { filters: { priority: ["9999"] } }, [1]],
    ["by a boolean as text", { filters: { locked: ["true"] } }, [3]],
    ["by a parent", { filters: { pid: ["1"] } }, [2]],
    ["by a field that nobody has", { filters: { colour: ["red"] } }, []],
    ["by a field that is null", { filters: { kind: ["null"] } }, []],
    ["by what every object has", { filters: { constructor: ["function Object() { [native code] }"] } }, []],
    ["by no value at all", { id: [] }, []],
    ["by a filter without a value", { filters: { user: [] } }, []],
  ])("%s", (_, query, expected) => {
    expect(ids(query)).toEqual(expected);
  });

  test("that nothing can fit is known beforehand", () => {
    expect(fitsNothing({ id: [] })).toBe(true);
    expect(fitsNothing({ id: [1], filters: { user: [] } })).toBe(true);
    expect(fitsNothing({ id: [1], agenda: true })).toBe(false);
  });
});

describe("an answer", () => {
  const full: Job = { id: 7, agenda: [{ name: "1" }], subjobs: [{ id: 0 }], callbacks: [{}] };

  test("has bulky fields only if they are asked for", () => {
    expect(matchJobs([full], {})).toEqual([{ id: 7 }]);
    expect(matchJobs([full], { agenda: true })).toEqual([{ id: 7, agenda: [{ name: "1" }] }]);
    expect(matchJobs([full], { subjobs: true, callbacks: true })).toEqual([
      { id: 7, subjobs: [{ id: 0 }], callbacks: [{}] },
    ]);
    expect(matchJobs([full], { agenda: true, subjobs: true, callbacks: true })).toEqual([full]);
  });

  test("leaves the records alone", () => {
    matchJobs([full], {});
    expect(full).toHaveProperty("agenda");
  });

  test("names each job once, in the order of the records", () => {
    expect(matchJobs([other, shot, { ...other, name: "again" }], {})).toEqual([other, shot]);
  });

  test("agrees with a plain reading of the rule", () => {
    const text = fc.constantFrom("a", "b", "1", "2");
    const job = fc.record({ id: fc.integer({ min: 1, max: 4 }), status: text, user: text }, { requiredKeys: ["id"] });
    const query = fc.record(
      { id: fc.array(fc.integer({ min: 1, max: 4 })), status: fc.array(text), user: fc.array(text) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.uniqueArray(job, { selector: ({ id }) => id }), query, (records, asked) => {
        const expected = records.filter(
          (one) =>
            (asked.id === undefined || asked.id.includes(one.id)) &&
            (asked.status === undefined || (one.status !== undefined && asked.status.includes(one.status))) &&
            (asked.user === undefined || (one.user !== undefined && asked.user.includes(one.user))),
        );
        expect(matchJobs(records, asked)).toEqual(expected);
      }),
    );
  });
});
