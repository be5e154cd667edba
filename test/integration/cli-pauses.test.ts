import { expect, test } from "vitest";
import { ndjson } from "../support/ndjson.js";
import { startCommand } from "../support/run-command.js";
import { temporarySite } from "../support/temporary-site.js";

const events = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => `{"event":"complete-work-7-${first + index}"}\n`).join("");

test("ucb run says that it waits for a pause after the input has ended, and two signals end the wait", async () => {
  const { directory, path } = temporarySite({
    "callbacks.conf": "a.py = complete-work-self-*\n[a.py]\nbreaker = 2, 20d\nserial = job\n",
    "a.py": "import sys\nsys.exit(3)\n",
  });
  const command = startCommand(["run", directory, "--logpath", path("log")]);
  command.child.stdin.end(events(1, 5));
  await command.said("ends the wait");
  expect(command.stderr).toBe(
    "ucb: a.py is paused for 20d: 2 runs in a row failed, the last one: exit 3\n" +
      "ucb: the input has ended, and nothing runs: 3 runs wait for the end of a pause (a.py is tried again in 20d); " +
      "Ctrl-C or SIGTERM, twice, ends the wait\n",
  );
  expect(command.child.exitCode).toBeNull();
  command.child.kill("SIGTERM");
  await command.said("SIGTERM: waiting for 3 runs (3 of which for a retry or a pause) to end");
  command.child.kill("SIGTERM");
  const { signal, stdout } = await command.ended;
  expect(signal).toBe("SIGTERM");
  const states = ndjson(stdout).map(({ run }) => [run?.event, run?.state]);
  expect(states).toEqual([
    ["complete-work-7-1", "failed"],
    ["complete-work-7-2", "failed"],
    ["complete-work-7-3", "dropped"],
    ["complete-work-7-4", "dropped"],
    ["complete-work-7-5", "dropped"],
  ]);
});

test("while there is input, and where nothing waits, it says no such thing", async () => {
  const { directory, path } = temporarySite({
    "callbacks.conf": "a.py = complete-work-self-*\n[a.py]\nbreaker = 2, 20d\nserial = job\n",
    "a.py": "import sys\nsys.exit(3)\n",
  });
  const command = startCommand(["run", directory, "--logpath", path("log")]);
  command.child.stdin.write(events(1, 2));
  await command.said("is paused for 20d");
  command.child.stdin.end();
  const { code, stderr } = await command.ended;
  expect(code).toBe(0);
  expect(stderr).toBe("ucb: a.py is paused for 20d: 2 runs in a row failed, the last one: exit 3\n");
});
