import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { example, examples, folder, root, runShell } from "../support/document-examples.js";
import { RunningCommand } from "../support/run-command.js";

const page = "README.md";

/** A daemon in a shell of its own, until it is told to stop. */
function startDaemon(where: string): RunningCommand {
  const main = join(root, "dist/cli/main.js");
  const command = example(page, "first-daemon").replace("npx ucb", `exec "${process.execPath}" "${main}"`);
  return new RunningCommand("bash", ["-c", command], { cwd: where });
}

test("the README's first minutes go as it says, from a callback to a daemon that outlives a mistake", async () => {
  const where = folder();
  const [make = "", check = "", fire = "", stream = "", ...others] = examples(page, "first-callback");
  expect(others).toEqual([]);
  const run = (commands: string) => runShell(commands, where);
  expect(await run(make)).toMatchObject({ code: 0, stdout: "", stderr: "" });
  const checked = await run(check);
  expect(checked).toMatchObject({ code: 0, stderr: "" });
  expect(checked.stdout).toContain("no errors, no warnings");
  expect(checked.stdout).toContain("complete-job-1001 fires 1 of 1 callback");
  expect((await run(fire)).stdout).toContain("job 1001, shot010, is done");
  expect(JSON.parse((await run(stream)).stdout)).toMatchObject({
    run: { callback: "hello.py", event: "failed-job-1002", state: "succeeded", exitCode: 0 },
  });

  const daemon = startDaemon(where);
  await daemon.said(`listening on ${join(where, "ucb.sock")}`);
  // The same shell goes on: what it has exported stays.
  const inShell = (commands: string) => run(`export UCB_CONTROL="$PWD/ucb.sock"\n${commands}`);
  const sent = await inShell(example(page, "first-event"));
  expect(sent).toMatchObject({ code: 0, stderr: "" });
  const [, id = ""] = /failed-job-1003 fires 1 run\n {2}(\S+)\n/.exec(sent.stdout) ?? [];
  expect(sent.stdout.match(new RegExp(`^${id} +hello.py +failed-job-1003 `, "m"))).not.toBeNull();
  await daemon.said(`"id":"${id}"`);
  const outcome = await inShell(example(page, "first-outcome").replaceAll("RUN", id));
  expect(outcome.stdout).toContain("job 1003, shot030, is done\n");
  expect(outcome.stdout).toContain("hello.py for job 1003 fired on failed-job-1003");

  // Somebody who types goes on behind a command that fails.
  const broken = await inShell(`set +e\n${example(page, "first-mistake")}`);
  expect(broken.stdout).toContain('"jbo" is no event type');
  expect(broken.stdout).toContain("failed-job-1003 fires 1 run");
  expect(broken.stdout).toContain("configuration 1: 1 callback");
  await daemon.said("callbacks.conf:2:");
  await vi.waitUntil(() => daemon.stdout.match(/"state":"succeeded"/g)?.length === 2, { timeout: 30_000 });

  const mended = await inShell(example(page, "first-repair"));
  expect(mended).toMatchObject({ code: 0, stderr: "" });
  expect(mended.stdout).toMatch(/configuration 2 (still )?holds/);
  const again = await inShell("npx ucb emit blocked-job-1003 --job job.json");
  expect(again.stdout).toContain("blocked-job-1003 fires 1 run");
  daemon.child.kill("SIGINT");
  expect(await daemon.ended).toMatchObject({ signal: "SIGINT" });
  expect(daemon.stderr).not.toContain("Error");
});

test("the directory that the README offers instead can be used the same way", async () => {
  const where = folder();
  writeFileSync(join(where, "job.json"), '{"id": 1001, "name": "shot010"}');
  const [, check = "", fire = ""] = examples(page, "first-callback");
  const { code, stdout } = await runShell(`npx ucb init callback\n${check}${fire}`, where);
  expect(code).toBe(0);
  expect(stdout).toContain("Job 1001, shot010: complete.");
});
