import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testDirectory } from "../support/callback-directory.js";
import { RunningCommand, runCommand } from "../support/run-command.js";

const files = ["callbacks.conf", "finished.py", "frame.pl", "jobs.json", "qb.conf", "release.qcb"];

test("the directory has a callback in each language, and nothing of it is doubtful", async () => {
  const { path, at } = testDirectory();
  expect(await runCommand(["init", "callback"], { cwd: path })).toMatchObject({ code: 0, stderr: "" });
  expect(readdirSync(at("callback")).sort()).toEqual(files);
  const check = await runCommand(["check", "--strict", "--json", "callback", "--qb-conf", "callback/qb.conf"], {
    cwd: path,
  });
  const { callbacks, diagnostics } = JSON.parse(check.stdout);
  expect({ code: check.code, diagnostics }).toEqual({ code: 0, diagnostics: [] });
  expect(callbacks.map(({ language }: { language: string }) => language)).toEqual(["python", "perl", "qube"]);
});

test("what it says comes next does work", async () => {
  const { path } = testDirectory();
  const { stdout } = await runCommand(["init", "site/it's new"], { cwd: path });
  const commands = stdout.match(/^ {2}ucb .*$/gm) ?? [];
  expect(commands).toHaveLength(4);
  const outputs: string[] = [];
  for (const command of commands) {
    const shell = `ucb() { "${process.execPath}" "${join(process.cwd(), "dist/cli/main.js")}" "$@"; }\n${command}`;
    const ended = await new RunningCommand("bash", ["-c", shell], { cwd: path }).ended;
    expect(ended, command).toMatchObject({ code: 0, stderr: "" });
    outputs.push(ended.stdout);
  }
  expect(outputs[0]).toContain("3 callbacks in 1 directory, no errors, no warnings");
  expect(outputs[1]).toContain("complete-job-1001 fires 2 of 3 callbacks");
  expect(outputs[2]).toContain("| Hello, ana!\n  | Job 1001, shot010 scene files: complete.");
  expect(outputs[2]).toContain("release.qcb for job 1002: succeeded");
  expect(outputs[2]).toContain("asked to unblock job 1002");
  expect(outputs[3]).toContain("asked to retry work 1001:17");
});

test("each option that is commented out holds once it is not", async () => {
  const { path, at } = testDirectory();
  await runCommand(["init", "callback"], { cwd: path });
  for (const name of ["callbacks.conf", "qb.conf"]) {
    const text = readFileSync(at("callback", name), "utf8");
    const taken = text
      .replace(/^# (?=\w+ *= (?!trigger))/gm, "")
      .replace(/^.*(interpreter +=|_format|chmod 600).*\n/gm, "");
    expect(taken).not.toBe(text);
    writeFileSync(at("callback", name), taken);
  }
  const args = ["callback", "--qb-conf", "callback/qb.conf", "--json"];
  expect(JSON.parse((await runCommand(["check", ...args], { cwd: path })).stdout).diagnostics).toEqual([]);
  const listed = JSON.parse((await runCommand(["list", ...args], { cwd: path })).stdout).callbacks;
  expect(listed).toMatchObject([
    { file: "finished.py", warm: "yes", env: ["GREETING"] },
    { file: "frame.pl", enabled: false, maxRunning: 4, serial: "job", retry: { times: 5, delayMs: 30_000 } },
    { file: "release.qcb" },
  ]);
});

test("nobody but the owner can write there, whatever the umask allows", async () => {
  const { path, at } = testDirectory();
  const main = join(process.cwd(), "dist/cli/main.js");
  const shell = `umask 0; exec "${process.execPath}" "${main}" init deep/callback`;
  expect(await new RunningCommand("bash", ["-c", shell], { cwd: path }).ended).toMatchObject({ code: 0 });
  const modes = ["deep", "deep/callback", ...files.map((file) => `deep/callback/${file}`)];
  expect(modes.filter((name) => (statSync(at(name)).mode & 0o022) !== 0)).toEqual([]);
});

test("nothing that is there is overwritten, and nothing is written beside it", async () => {
  const { path, at } = testDirectory();
  mkdirSync(at("callback"));
  writeFileSync(at("callback/callbacks.conf"), "mine.py = done-job-self\n");
  symlinkSync("/nowhere", at("callback/frame.pl"));
  const { code, stdout, stderr } = await runCommand(["init", "callback"], { cwd: path });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(
    `ucb: ${at("callback")} already holds callbacks.conf, frame.pl: nothing was written\nhint: `,
  );
  expect(readdirSync(at("callback")).sort()).toEqual(["callbacks.conf", "frame.pl"]);
  expect(readFileSync(at("callback/callbacks.conf"), "utf8")).toBe("mine.py = done-job-self\n");
});

test("a directory that is there and holds other things is taken", async () => {
  const { path, at } = testDirectory();
  mkdirSync(at("callback"));
  writeFileSync(at("callback/notes.txt"), "");
  expect(await runCommand(["init", at("callback")], { cwd: path })).toMatchObject({ code: 0 });
  expect(readdirSync(at("callback")).sort()).toEqual([...files, "notes.txt"].sort());
});

test.each([
  ["file/callback", "cannot be made a callback directory: ENOTDIR"],
  ["file", "cannot be made a callback directory: EEXIST"],
  ["/proc/callback", "cannot be made a callback directory: E"],
])("%s cannot be had, and the reason is told", async (name, reason) => {
  const { path } = testDirectory({ file: "" });
  const { code, stderr } = await runCommand(["init", name], { cwd: path });
  expect(code).toBe(1);
  expect(stderr).toContain(reason);
});
