import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { defaultOptions } from "../../lib/config/callback-options.js";
import type { Callback, CallbackOptions, Language } from "../../lib/config/configuration.js";
import { resolveInterpreter } from "../../lib/execute/interpreters.js";
import type { Run } from "../../lib/execute/run.js";
import { lastingEnvironment, scriptCommand } from "../../lib/execute/script-command.js";
import { packageRoot } from "../../lib/package-root.js";
import { parseEvent } from "../../lib/trigger/event.js";
import { scriptEnvironment } from "../support/script-environment.js";

const interpreters = { python: "/usr/bin/python3", perl: "/usr/bin/perl" };
const access = { socket: "/run/socket", token: "secret" };

function makeCallback(language: Language, text: string | null, options: Partial<CallbackOptions> = {}): Callback {
  const directory = mkdtempSync(join(tmpdir(), "ucb-command-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, "script");
  if (text !== null) writeFileSync(path, text);
  return {
    id: "0/script",
    file: "script",
    path,
    directory,
    configFile: join(directory, "callbacks.conf"),
    language,
    triggers: [],
    options: { ...defaultOptions, timeoutMs: 1, ...options },
    codes: [],
  };
}

function makeRun(event = "complete-work-1000-17", jobId = 1001): Run {
  const eventFields = parseEvent(event);
  return { id: "run", callback: "script.py", callbackId: "0/script", event, eventFields, jobId, attempt: 2 } as Run;
}

describe("a script's command", () => {
  test("is Python with the runner", async () => {
    const callback = makeCallback("python", null);
    const runner = join(packageRoot, "runtime/python/run_callback.py");
    expect(await scriptCommand(callback, interpreters)).toEqual({
      file: "/usr/bin/python3",
      argv: ["/usr/bin/python3", "-u", "-B", runner, callback.path],
    });
  });

  test.each([
    ["print 1;", []],
    ["", []],
    ["#!/usr/bin/perl", []],
    ["#!/usr/bin/perl -w\n-T", []],
    ["#!/usr/bin/perl -T\n", ["-T"]],
    ["#!/usr/bin/perl -wT", ["-T"]],
    ["#!/usr/bin/perl -w -T\r\n", ["-T"]],
    ["#!/usr/bin/env perl -t", ["-t"]],
    ["#! /opt/perl5.36/bin/perl5.36 -CSD -T", ["-CSD", "-T"]],
    ["#!/usr/bin/perl -wC7T", ["-C7", "-T"]],
    ["#!/usr/bin/perl -I/Tools/Cat -MTie::Hash", []],
    ["#!/usr/bin/perl Text -w", []],
    ["#!/bin/sh -T", []],
    ["use Test; # perl -T", []],
  ])("is Perl with the switches that %j wants on the command line too", async (text, switches) => {
    const callback = makeCallback("perl", text);
    expect(await scriptCommand(callback, interpreters)).toEqual({
      file: "/usr/bin/perl",
      argv: ["/usr/bin/perl", ...switches, `-I${join(packageRoot, "runtime/perl")}`, "-Mqb", callback.path],
    });
  });

  test("is that of the interpreter that is configured, once it has said what it is", async () => {
    const perl = await resolveInterpreter("perl", null);
    const folder = mkdtempSync(join(tmpdir(), "ucb-command-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, "mine"), `#!/bin/sh\nexec ${perl} "$@"\n`, { mode: 0o755 });
    const callback = makeCallback("perl", "", { interpreter: join(folder, "mine") });
    expect((await scriptCommand(callback, { python: null, perl: null })).file).toBe(perl);
    const wrong = makeCallback("perl", "", { interpreter: "/nowhere/perl" });
    await expect(scriptCommand(wrong, interpreters)).rejects.toMatchObject({ code: "ERR_UCB_INTERPRETER" });
  });

  test("needs an interpreter, and a Perl script that can be read", async () => {
    const none = { python: null, perl: null };
    await expect(scriptCommand(makeCallback("python", ""), none)).rejects.toMatchObject({
      code: "ERR_UCB_INTERPRETER",
    });
    const missing = makeCallback("perl", null);
    await expect(scriptCommand(missing, interpreters)).rejects.toMatchObject({
      code: "ERR_UCB_LAUNCH",
      errno: "ENOENT",
      syscall: "open",
      path: missing.path,
    });
    await expect(scriptCommand(makeCallback("qube", ""), interpreters)).rejects.toMatchObject({
      code: "ERR_UCB_ARGUMENT",
    });
  });
});

describe("a script's environment", () => {
  const daemon = { PATH: "/bin", HOME: "/root", LANG: "C.UTF-8", TZ: "UTC", QBDIR: "/qube", SECRET: "no" };

  test("is what every program needs and what the run is, and nothing else", () => {
    expect(scriptEnvironment(makeCallback("python", ""), makeRun(), access, daemon)).toEqual({
      PATH: "/bin",
      HOME: "/root",
      LANG: "C.UTF-8",
      TZ: "UTC",
      QBDIR: "/qube",
      QBJOBID: "1001",
      UCB_EVENT: "complete-work-1000-17",
      UCB_EVENT_NAME: "complete",
      UCB_EVENT_TYPE: "work",
      UCB_EVENT_EXTRA: "17",
      UCB_JOB_ID: "1001",
      UCB_CALLBACK: "script.py",
      UCB_RUN_ID: "run",
      UCB_ATTEMPT: "2",
      UCB_SOCKET: "/run/socket",
      UCB_TOKEN: "secret",
    });
  });

  test("leaves out what the daemon has not, but for a path and Qube's folder", () => {
    const environment = scriptEnvironment(makeCallback("python", ""), makeRun(), access, {});
    expect(environment).toMatchObject({ PATH: "/usr/local/bin:/usr/bin:/bin", QBDIR: "/usr/local/pfx/qube" });
    for (const name of ["HOME", "LANG", "TZ", "UCB_EVENT_TRUNCATED"]) expect(environment).not.toHaveProperty(name);
  });

  test("takes what is configured, but not for what the run is", () => {
    const env = { PROJECT: "/prod", PATH: "/opt/bin", UCB_JOB_ID: "5", UCB_MINE: "x", QBJOBID: "5" };
    const callback = makeCallback("python", "", { env });
    const environment = scriptEnvironment(callback, makeRun(), access, daemon);
    expect(environment).toMatchObject({ PROJECT: "/prod", PATH: "/opt/bin", UCB_JOB_ID: "1001", QBJOBID: "1001" });
    expect(environment).not.toHaveProperty("UCB_MINE");
    for (const name of ["UCB_JOB_ID", "QBJOBID"]) expect(lastingEnvironment(callback, daemon)).not.toHaveProperty(name);
  });

  test.each([
    ["short", "17", "17", false],
    ["as long as it may be", "x".repeat(99_000), "x".repeat(99_000), false],
    ["too long", "x".repeat(200_000), "x".repeat(100_000), true],
    ["too long in the middle of a character", `x${"é".repeat(60_000)}`, `x${"é".repeat(49_999)}`, true],
    ["broken by a NUL", "before\0after", "before", true],
  ])("holds an extra that is %s", (_, extra, held, truncated) => {
    const run = makeRun(`complete-work-1000-${extra}`);
    const environment = scriptEnvironment(makeCallback("python", ""), run, access, daemon);
    expect(environment.UCB_EVENT_EXTRA).toBe(held);
    expect(environment.UCB_EVENT_TRUNCATED).toBe(truncated ? "1" : undefined);
    expect(Buffer.byteLength(environment.UCB_EVENT ?? "")).toBeLessThanOrEqual(100_000);
    expect(Object.values(environment).some((value) => value.includes("\0"))).toBe(false);
  });
});
