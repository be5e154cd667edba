import { expect, test } from "vitest";
import { RunLog } from "../../lib/daemon/run-log.js";
import type { Run } from "../../lib/execute/run.js";

const run = (id: string, endedAt: number | null) => ({ id, endedAt, jobId: 1, state: "succeeded" }) as unknown as Run;

test("runs of before are in front of those that end while they are read", async () => {
  let tell = (_: Run) => {};
  let answer = (_: Run[]) => {};
  const engine = {
    on: (_: string, listener: (run: Run) => void) => {
      tell = listener;
    },
    finishedRuns: () => new Promise<Run[]>((resolve) => (answer = resolve)),
  };
  const opened = RunLog.of(engine as never);
  tell(run("b", null));
  tell(run("c", 3));
  answer([run("a", 1), run("c", 3)]);
  const log = await opened;
  tell(run("b", 4));
  tell(run("d", null));
  expect(log.list({ limit: 10 }).map(({ id }) => id)).toEqual(["a", "c", "b", "d"]);
});
