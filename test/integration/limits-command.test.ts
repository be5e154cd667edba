import { expect, test } from "vitest";
import { ndjson } from "../support/ndjson.js";
import { runCommand } from "../support/run-command.js";
import { temporarySite } from "../support/temporary-site.js";

test("ucb says that a run is tried again, and waits for it", async () => {
  const { directory, path } = temporarySite({
    "callbacks.conf": "a.py = complete-job-self\n[a.py]\nretry = 1, 40ms\n",
    "a.py": "import os, sys\nsys.exit(75 if os.environ['UCB_ATTEMPT'] == '1' else 0)\n",
  });
  const args = ["fire", "complete-job-7", directory, "--logpath", path("log"), "--json"];
  const { code, stdout, stderr } = await runCommand(args);
  expect(stderr).toMatch(/^ucb: a\.py for job 7 asked to be tried again: attempt 2 in \d+ms \(run \w+\)\n$/);
  expect(code).toBe(0);
  expect(ndjson(stdout)).toEqual([{ run: expect.objectContaining({ state: "succeeded", exitCode: 0 }) }]);
});

test("ucb says that a callback is paused, and that it is resumed", async () => {
  const { directory, path } = temporarySite({
    "callbacks.conf": "a.py = complete-work-self-*\n[a.py]\nbreaker = 2, 100ms\nserial = job\n",
    "a.py": "import os, sys\nsys.exit(3 if os.environ['UCB_EVENT_EXTRA'] in '12' else 0)\n",
  });
  const input = [1, 2, 3, 4].map((frame) => `{"event":"complete-work-7-${frame}"}\n`).join("");
  const { code, stdout, stderr } = await runCommand(["run", directory, "--logpath", path("log")], { input });
  expect(code).toBe(0);
  expect(ndjson(stdout).map((line) => (line as { run: { state: string } }).run.state)).toEqual([
    "failed",
    "failed",
    "succeeded",
    "succeeded",
  ]);
  expect(stderr.replace(/\d+ms/, "100ms")).toBe(
    "ucb: a.py is paused for 100ms: 2 runs in a row failed, the last one: exit 3\n" +
      "ucb: a.py is resumed: it succeeded when it was tried\n",
  );
});

test("ucb tells of runs that limits do not let in", async () => {
  const { directory, path } = temporarySite({
    "callbacks.conf": "a.py = complete-work-self-*\n[a.py]\nthrottle = 1/1h\n",
    "a.py": "print(1)\n",
  });
  const input = [1, 2].map((frame) => `{"event":"complete-work-7-${frame}"}\n`).join("");
  const { stdout } = await runCommand(["run", directory, "--logpath", path("log")], { input });
  const runs = ndjson(stdout).map((line) => (line as { run: { event: string; state: string; reason: string } }).run);
  expect(runs.map(({ event, state, reason }) => `${event} ${state}: ${reason}`)).toEqual([
    "complete-work-7-2 dropped: throttled: no more than 1 in 3600 s",
    "complete-work-7-1 succeeded: null",
  ]);
});
