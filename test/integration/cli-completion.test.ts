import { mkdirSync } from "node:fs";
import { expect, test } from "vitest";
import { testDirectory } from "../support/callback-directory.js";
import { isMissing, openCompleter, type Shell } from "../support/completer.js";
import { runCommand, startCommand } from "../support/run-command.js";
import { temporarySite } from "../support/temporary-site.js";

const shells: Shell[] = ["bash", "zsh", "fish"];

for (const shell of shells) {
  const inShell = test.skipIf(isMissing(shell));

  inShell(`${shell} completes commands, options and what they take`, async () => {
    const { tab, offers } = await openCompleter(shell, testDirectory().path);
    expect(await tab("chec")).toEqual(["check"]);
    expect(await offers("e")).toEqual(["emit", "explain"]);
    expect(await offers("help ru")).toEqual(["run", "runs"]);
    expect(await tab("run --on-st")).toEqual(["run", "--on-stop"]);
    expect(await offers("run --on-stop ")).toEqual(["leave", "terminate", "wait"]);
    expect(await tab("check --strict --qb-c")).toEqual(["check", "--strict", "--qb-conf"]);
    expect(await offers("runs --state ")).toEqual(
      ["queued", "running", "succeeded", "failed", "timed-out", "lost", "dropped"].sort(),
    );
    expect(await tab("runs --state que --js")).toEqual(["runs", "--state", "que", "--json"]);
  });

  inShell(`${shell} completes directories where directories belong, and files where files do`, async () => {
    const { path, at } = testDirectory({ "events.ndjson": "", "evening.conf": "" });
    mkdirSync(at("everything"));
    const { tab, offers } = await openCompleter(shell, path);
    expect(await tab("check eve")).toEqual(["check", "everything"]);
    expect(await tab("explain submit-job-1 eve")).toEqual(["explain", "submit-job-1", "everything"]);
    expect(await offers("run --events ev")).toEqual(["evening.conf", "events.ndjson", "everything"]);
    expect(await offers("replay --run ev")).toEqual(["evening.conf", "events.ndjson", "everything"]);
    expect(await tab("list --qb-conf eveni")).toEqual(["list", "--qb-conf", "evening.conf"]);
  });
}

test("shells ask the daemon for its runs and callbacks", async () => {
  const site = temporarySite({ "callbacks.conf": "odd name.py = failed-job-self\n", "odd name.py": "" });
  const daemon = startCommand(["run", site.directory, "--socket", site.path("socket"), "--logpath", site.logPath]);
  await daemon.said("listening on");
  const env = { UCB_CONTROL: site.path("socket") };
  const taken = await runCommand(["emit", "failed-job-7", "--json"], { env });
  const [run] = JSON.parse(taken.stdout).taken.runs;
  for (const shell of shells.filter((each) => !isMissing(each))) {
    const { tab } = await openCompleter(shell, testDirectory().path, env);
    expect(await tab(`log ${run.slice(0, 3)}`)).toEqual(["log", run]);
    expect(await tab("runs --callback od")).toEqual(["runs", "--callback", "odd name.py"]);
    const elsewhere = await openCompleter(shell, testDirectory().path, { UCB_CONTROL: "/nowhere" });
    expect(await elsewhere.tab(`explain --socket ${site.path("socket")} --run `)).toEqual([
      ...["explain", "--socket", site.path("socket"), "--run", run],
    ]);
  }
});

test("a shell that is not known is wrong usage", async () => {
  const { code, stderr } = await runCommand(["completion", "tcsh"]);
  expect(code).toBe(2);
  expect(stderr).toContain("Allowed choices are bash, zsh, fish");
});

test("where no daemon can be reached there are no runs to offer", async () => {
  const { code, stdout, stderr } = await runCommand(["completion", "runs", "--socket", "/nowhere"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain("no daemon can be reached at /nowhere");
});
