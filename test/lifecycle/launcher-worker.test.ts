import { expect, it } from "vitest";
import { runScenario } from "../support/run-scenario.js";

it.each([
  ["terminate at once", ["exit 1"]],
  ["terminate at work", ["exit 1"]],
  ["terminate later", ["exit 1"]],
  ["block", ["exit 1"]],
  ["close", ["exit 1"]],
  ["exit when told", ["exit 0"]],
  ["throw when told", ["on purpose"]],
])("workers that end in the middle of launches leave nothing behind: %s", async (way, expected) => {
  const { code, signal, stdout, stderr } = await runScenario("workers", way, "16", "3");
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: "" });
  const { endings, left, threads } = JSON.parse(stdout) as Record<string, object>;
  expect(left).toEqual({ descriptors: 0, threads: 0, children: 0 });
  expect(threads).toEqual([]);
  expect(expected).toEqual(expect.arrayContaining(Object.keys(endings ?? {})));
  expect(Object.values(endings ?? {}).reduce((sum: number, count: number) => sum + count, 0)).toBe(48);
});
