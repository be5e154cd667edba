import { expect, test } from "vitest";
import { runExample } from "../support/run-farm.js";

test("the script runs what fires and ends by itself", async () => {
  const { status, stdout, stderr } = await runExample("script.ts", []);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const lines = stdout.trimEnd().split("\n");
  expect(lines.slice(0, 4)).toEqual([
    "complete-work-1001-right fired 0 runs: the other half is not there yet",
    "shot010: work item left failed, attempt 1",
    "second-chance asks: retry work 1001:left",
    "second-chance on failed-work-1001-left: succeeded",
  ]);
  // These two run at the same time.
  expect(lines.slice(4).sort()).toEqual([
    "all-rendered on complete-work-1001-left: succeeded",
    "second-chance on timeout-work-1001-glow: failed (Error: glow failed twice: somebody must look at it)",
    "shot010: both halves are there",
    "shot010: work item glow timeout, attempt 2",
  ]);
});
