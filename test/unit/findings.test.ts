import { expect, it } from "vitest";
import { type Finding, Findings } from "../../lib/execute/findings.js";

/** Findings whose searches end when they are told to. */
function open() {
  const searches: { end: (finding: Finding<string>) => void; fail: (error: Error) => void }[] = [];
  const findings = new Findings(
    (_key: object) =>
      new Promise<Finding<string>>((resolve, reject) => {
        searches.push({ end: resolve, fail: reject });
      }),
  );
  return { findings, searches };
}

it("all who ask meanwhile wait for one search, and who asks later has its answer at once", async () => {
  const { findings, searches } = open();
  const key = {};
  const asked = [findings.get(key), findings.get(key), findings.get(key)];
  expect(searches).toHaveLength(1);
  searches[0]?.end({ value: "found", lasts: true });
  expect(await Promise.all(asked)).toEqual(["found", "found", "found"]);
  expect(findings.get(key)).toBe("found");
  expect(searches).toHaveLength(1);
});

it("each key has a search of its own", async () => {
  const { findings, searches } = open();
  const [one, other] = [findings.get({}), findings.get({})];
  searches[1]?.end({ value: "second", lasts: true });
  searches[0]?.end({ value: "first", lasts: true });
  expect(await Promise.all([one, other])).toEqual(["first", "second"]);
});

it("what does not last is searched for again", async () => {
  const { findings, searches } = open();
  const key = {};
  const first = findings.get(key);
  searches[0]?.end({ value: "now", lasts: false });
  expect(await first).toBe("now");
  const second = findings.get(key);
  expect(searches).toHaveLength(2);
  searches[1]?.end({ value: "then", lasts: true });
  expect(await second).toBe("then");
  expect(findings.get(key)).toBe("then");
});

it("a failure is shared by those who wait, and tried again by who asks next", async () => {
  const { findings, searches } = open();
  const key = {};
  const asked = [findings.get(key), findings.get(key)];
  searches[0]?.fail(new Error("no luck"));
  for (const one of asked) await expect(one).rejects.toThrow("no luck");
  const again = findings.get(key);
  searches[1]?.end({ value: "found", lasts: true });
  expect(await again).toBe("found");
});
