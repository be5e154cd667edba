import { describe, expect, it } from "vitest";
import { testDirectory } from "../support/callback-directory.js";
import { runScenario } from "../support/run-scenario.js";

const rounds = 3;
const atOnce = 2;
const all = rounds * atOnce;

async function runWorkers(way: string) {
  const { path } = testDirectory();
  const { code, signal, stdout, stderr } = await runScenario("engine-workers", path, way, `${rounds}`, `${atOnce}`);
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: "" });
  return JSON.parse(stdout) as Record<"endings" | "left" | "threads" | "folders", unknown>;
}

describe("engines in workers leave nothing running or open", () => {
  it.each([
    ["terminate at work", { "exit 1": all }],
    ["terminate later", { "exit 1": all }],
    ["exit when told", { "exit 0": all }],
    ["throw when told", { "on purpose": all }],
    ["close wait", { closed: all, "exit 0": all }],
    ["close leave", { closed: all, "exit 0": all }],
    ["close terminate", { closed: all, "exit 0": all }],
  ])("%s", async (way, expected) => {
    const { endings, left, threads, folders } = await runWorkers(way);
    expect(left).toEqual({ descriptors: 0, threads: 0, children: 0 });
    expect(threads).toEqual([]);
    expect(endings).toEqual(expected);
    if (!way.startsWith("terminate")) expect(folders).toBe(0);
  });

  // No JavaScript runs in a worker that is terminated: only the addon could remove the folder of its bridge then.
  it.skip("terminated at work, not even the folder of a socket", async () => {
    expect((await runWorkers("terminate at work")).folders).toBe(0);
  });
});
