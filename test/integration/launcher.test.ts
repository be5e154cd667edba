import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { UcbError } from "../../lib/errors.js";
import { Launcher, type LaunchOptions, type ProcessOutcome } from "../../lib/execute/launcher.js";
import { testDirectory } from "../support/callback-directory.js";
import { openLauncher, shell } from "../support/open-launcher.js";
import { rejection } from "../support/rejection.js";

describe("a launched process", () => {
  it("is told of when it has started and when it has ended", async () => {
    const before = Date.now();
    const launched = openLauncher().launch(shell("exit 3"));
    const started = await launched.started;
    expect(started).toEqual({
      pid: expect.any(Number),
      startTicks: expect.any(Number),
      startedAt: expect.any(Number),
      warm: false,
    });
    expect(started.startTicks).toBeGreaterThan(0);
    expect(started.startedAt).toBeGreaterThanOrEqual(before);
    const outcome = await launched.exited;
    expect(outcome).toEqual({
      pid: started.pid,
      exitCode: 3,
      signal: null,
      statusKnown: true,
      timedOut: false,
      durationMs: expect.any(Number),
      usage: { userMs: expect.any(Number), systemMs: expect.any(Number), maxRssKb: expect.any(Number) },
      endedAt: expect.any(Number),
    });
    expect(outcome.durationMs).toBeGreaterThan(0);
    expect((outcome.usage?.userMs ?? 0) + (outcome.usage?.systemMs ?? 0)).toBeGreaterThan(0);
    expect(outcome.endedAt).toBeGreaterThanOrEqual(started.startedAt);
    expect(outcome.endedAt).toBeLessThanOrEqual(Date.now());
  });

  it("gets its arguments, folder and input as they are, and appends to its output", async () => {
    const directory = testDirectory();
    const output = directory.at("deep", "er", "output");
    const launcher = openLauncher();
    const run = (args: string[], stdin: LaunchOptions["stdin"]) =>
      launcher.launch({ file: "/bin/sh", args, cwd: directory.path, stdin, output }).exited;
    await run(["-c", 'printf "[%s]" "$0" "$@"; pwd; cat; echo error >&2', "zero", "a b", "", "ünï", "*"], "grüße\n");
    await run(["-c", "cat"], new Uint8Array([0, 255, 10]).subarray(1));
    await run(["-c", "cat; echo end"], null);
    expect(readFileSync(output, "latin1")).toBe(
      Buffer.from(`[zero][a b][][ünï][*]${realpathSync(directory.path)}\ngrüße\nerror\n`).toString("latin1") +
        "\xff\nend\n",
    );
  });

  it("takes a payload of many megabytes, as it was when it was launched", async () => {
    const output = testDirectory().at("output");
    const payload = new Uint8Array(8_000_000).fill(120);
    const { exited } = openLauncher().launch({ file: "/bin/cat", cwd: "/", stdin: payload, output });
    payload.fill(0);
    expect((await exited).exitCode).toBe(0);
    expect(readFileSync(output).equals(Buffer.alloc(8_000_000, "x"))).toBe(true);
  });

  it("has exactly the environment it is given", async () => {
    const directory = testDirectory();
    const launcher = openLauncher();
    const environment = async (env: Record<string, string> | undefined) => {
      const output = directory.at(`output-${Math.random()}`);
      await launcher.launch({ file: "/usr/bin/env", cwd: "/", env, output }).exited;
      return readFileSync(output, "utf8");
    };
    expect(await environment(undefined)).toBe("");
    expect(await environment({})).toBe("");
    expect(await environment({ A: "1", "odd.näme": 'a=b\n"c"', EMPTY: "" })).toBe('A=1\nodd.näme=a=b\n"c"\nEMPTY=\n');
  });

  it("may be called by another name", async () => {
    const output = testDirectory().at("output");
    const options = { file: "/bin/sh", argv0: "name", args: ["-c", "echo $0"], cwd: "/", output };
    await openLauncher().launch(options).exited;
    expect(readFileSync(output, "utf8")).toBe("name\n");
  });

  it("leads a session of its own and has only the three standard descriptors", async () => {
    const output = testDirectory().at("output");
    const script = "read pid comm state ppid pgrp session rest < /proc/$$/stat; echo $$ $pgrp $session; ls /proc/$$/fd";
    const { pid } = await openLauncher().launch(shell(script, { output })).exited;
    expect(readFileSync(output, "utf8")).toBe(`${pid} ${pid} ${pid}\n0\n1\n2\n`);
  });

  it("ends by a signal or by an exit code", async () => {
    const launcher = openLauncher();
    const ending = async (script: string) => {
      const { exitCode, signal } = await launcher.launch(shell(script)).exited;
      return { exitCode, signal };
    };
    expect(await ending("exit 255")).toEqual({ exitCode: 255, signal: null });
    expect(await ending("kill -KILL $$")).toEqual({ exitCode: null, signal: "SIGKILL" });
    expect(await ending("kill -SEGV $$")).toEqual({ exitCode: null, signal: "SIGSEGV" });
    expect(await ending("kill -35 $$")).toEqual({ exitCode: null, signal: expect.stringMatching(/^SIGRTMIN\+\d+$/) });
  });
});

describe("an observer", () => {
  it("is told in order, without promises", async () => {
    const launcher = openLauncher();
    const told: string[] = [];
    const ticket = await new Promise<number>((resolve, reject) => {
      const given = launcher.launch(shell("sleep 1000", { timeoutMs: 300, slowAfterMs: 100 }), {
        started: ({ pid }) => told.push(`started ${pid > 0}`),
        slow: (pid) => told.push(`slow ${pid > 0}`),
        exited: ({ timedOut, signal }) => {
          told.push(`exited ${timedOut} ${signal}`);
          resolve(given);
        },
        failed: reject,
      });
    });
    expect(ticket).toEqual(expect.any(Number));
    expect(told).toEqual(["started true", "slow true", "exited true SIGTERM"]);
  });

  it("is told of everything once, also when the event loop was away for long", async () => {
    const launcher = openLauncher();
    const directory = testDirectory();
    const told = new Map<number, string[]>();
    const count = 700;
    for (let index = 0; index < count; index += 1) {
      const output = directory.at(String(index));
      const ticket = launcher.launch(
        { file: index % 10 === 0 ? "/nowhere" : "/bin/true", cwd: "/", output },
        {
          started: () => told.get(ticket)?.push("started"),
          exited: ({ exitCode }) => told.get(ticket)?.push(`exited ${exitCode}`),
          failed: ({ errno }) => told.get(ticket)?.push(`failed ${errno}`),
        },
      );
      told.set(ticket, []);
    }
    await null;
    // No turn of the event loop until the last has been begun: hundreds of messages come at once.
    while (!existsSync(directory.at(String(count - 1))));
    expect([...told.values()].flat()).toEqual([]);
    expect(launcher.running).toBe(count);
    await launcher.idle();
    expect(launcher.running).toBe(0);
    [...told.values()].forEach((messages, index) => {
      expect(messages).toEqual(index % 10 === 0 ? ["failed ENOENT"] : ["started", "exited 0"]);
    });
  });

  it("may launch, signal and close out of what it is told", async () => {
    const launcher = openLauncher();
    const outcomes: ProcessOutcome[] = [];
    let left = 20;
    await new Promise<void>((resolve, reject) => {
      const next = () => {
        const ticket = launcher.launch(shell("sleep 1000"), {
          started: () => launcher.signal(ticket, "SIGUSR1"),
          exited: (outcome) => {
            outcomes.push(outcome);
            left -= 1;
            if (left > 0) next();
            else launcher.close({ running: "leave" }).then(resolve, reject);
          },
          failed: reject,
        });
      };
      next();
    });
    expect(outcomes.map(({ signal }) => signal)).toEqual(Array(20).fill("SIGUSR1"));
  });
});

describe("what cannot be started", () => {
  it.each<[string, Partial<LaunchOptions>, object]>([
    ["a program that does not exist", { file: "/no/where" }, { errno: "ENOENT", syscall: "execve", path: "/no/where" }],
    ["a file that is no program", { file: "/etc/passwd" }, { errno: "EACCES", syscall: "execve", path: "/etc/passwd" }],
    ["a missing folder", { cwd: "/no/where" }, { errno: "ENOENT", syscall: "chdir", path: "/no/where" }],
    [
      "an output below a file",
      { output: "/etc/passwd/x" },
      { errno: "ENOTDIR", syscall: "open", path: "/etc/passwd/x" },
    ],
    ["an output that is a folder", { output: "/tmp" }, { errno: "EISDIR", syscall: "open", path: "/tmp" }],
  ])("%s is told with the step that failed", async (_name, options, details) => {
    const { started, exited } = openLauncher().launch({ file: "/bin/true", cwd: "/", ...options });
    const error = await rejection(exited);
    expect(error).toBeInstanceOf(UcbError);
    expect(error).toMatchObject({ code: "ERR_UCB_LAUNCH", ...details });
    expect(error.message).toContain(`could not start ${options.file ?? "/bin/true"}: `);
    expect(await rejection(started)).toBe(error);
  });

  it("says what to do about it", async () => {
    const launcher = openLauncher();
    const directory = testDirectory();
    const script = directory.write("script", "no first line\n", 0o755);
    const hint = async (options: LaunchOptions) => (await rejection(launcher.launch(options).exited)).hint;
    expect(await hint({ file: script, cwd: "/" })).toContain("#!");
    expect(await hint({ file: "/nowhere", cwd: "/" })).toContain("/nowhere");
    expect(await hint({ file: "/bin/true", cwd: "/nowhere" })).toContain("working directory /nowhere");
  });
});

describe("ending processes", () => {
  it("terminates, and kills what does not mind", async () => {
    const directory = testDirectory();
    const launcher = openLauncher();
    const ready = directory.at("ready");
    const launched = launcher.launch(shell(`trap '' TERM; echo > ${ready}; while :; do sleep 0.01; done`));
    await vi.waitUntil(() => existsSync(ready), { timeout: 30_000 });
    expect(launched.terminate(50)).toBe(true);
    expect(await launched.exited).toMatchObject({ signal: "SIGKILL", timedOut: false });
    expect(launched.terminate()).toBe(false);
    expect(launched.signal("SIGTERM")).toBe(false);
  });

  it("never begins what is terminated before, and forgets no termination in between", async () => {
    const launcher = openLauncher({ threads: 1 });
    const launches = Array.from({ length: 60 }, () => launcher.launch(shell("sleep 1000")));
    launcher.terminateAll();
    const endings = await Promise.all(
      launches.map(({ exited }) =>
        exited.then(
          ({ signal }) => signal,
          ({ errno }: UcbError) => errno,
        ),
      ),
    );
    expect(new Set(endings)).toContain("ECANCELED");
    expect(endings.filter((ending) => ending !== "ECANCELED" && ending !== "SIGTERM")).toEqual([]);
    const { hint } = await rejection(launches.at(-1)?.exited ?? Promise.resolve());
    expect(hint).toContain("terminated before");
  });

  it("sends signals by name", async () => {
    const launched = openLauncher().launch({ file: "/bin/sleep", args: ["1000"], cwd: "/" });
    await launched.started;
    expect(launched.signal("SIGINT")).toBe(true);
    expect((await launched.exited).signal).toBe("SIGINT");
    expect(() => launched.signal("SIGNONE" as NodeJS.Signals)).toThrow(
      expect.objectContaining({ code: "ERR_UCB_ARGUMENT" }),
    );
  });
});

describe("arguments", () => {
  const good: LaunchOptions = { file: "/bin/true", cwd: "/" };
  it.each<[string, Record<string, unknown>]>([
    ["a relative file", { file: "true" }],
    ["an empty file", { file: "" }],
    ["a file with a NUL", { file: "/bin/true\0" }],
    ["a file that is no string", { file: 1 }],
    ["no cwd", { cwd: undefined }],
    ["a relative cwd", { cwd: "." }],
    ["an argument with a NUL", { args: ["a\0b"] }],
    ["an argument that is no string", { args: [1] }],
    ["a name with a NUL", { argv0: "a\0b" }],
    ["a variable without a name", { env: { "": "x" } }],
    ["a variable with = in its name", { env: { "A=B": "x" } }],
    ["a variable with a NUL in its name", { env: { "A\0B": "x" } }],
    ["a variable with a NUL in its value", { env: { A: "x\0" } }],
    ["a variable that is no string", { env: { A: 1 } }],
    ["a relative output", { output: "output" }],
    ["an output with a NUL", { output: "/tmp/a\0b" }],
    ["an input that is neither text nor bytes", { stdin: 1 }],
    ["an input of other elements", { stdin: new Float64Array(1) }],
    ["a negative timeout", { timeoutMs: -1 }],
    ["a timeout that is no number", { timeoutMs: Number.NaN }],
    ["an infinite timeout", { timeoutMs: Number.POSITIVE_INFINITY }],
    ["a negative time to kill", { killAfterMs: -1 }],
    ["a time to be slow that is no number", { slowAfterMs: "1" }],
  ])("%s is refused", (_name, wrong) => {
    const launcher = openLauncher();
    expect(() => launcher.launch({ ...good, ...wrong } as LaunchOptions)).toThrow(
      expect.objectContaining({ name: "UcbError", code: "ERR_UCB_ARGUMENT" }),
    );
    expect(launcher.running).toBe(0);
  });

  it.each([0, 65, 1.5, Number.NaN, "2"])("%s threads are refused", (threads) => {
    expect(() => new Launcher({ threads: threads as number })).toThrow(
      expect.objectContaining({ name: "UcbError", code: "ERR_UCB_ARGUMENT" }),
    );
  });

  it.each([0, 1_000_001, 1.5, Number.NaN, "2"])("%s starting at once are refused", (startingAtOnce) => {
    expect(() => new Launcher({ startingAtOnce: startingAtOnce as number })).toThrow(
      expect.objectContaining({
        code: "ERR_UCB_ARGUMENT",
        message: expect.stringMatching(/^startingAtOnce must be a whole number from 1 to 1000000, not /),
      }),
    );
  });

  it("takes the largest times there are as never", async () => {
    const times = { timeoutMs: Number.MAX_VALUE, killAfterMs: Number.MAX_VALUE, slowAfterMs: Number.MAX_VALUE };
    expect((await openLauncher().launch({ ...good, ...times }).exited).exitCode).toBe(0);
  });
});

describe("appendLog", () => {
  it("appends header, body file, body and trailer, and removes the body file", async () => {
    const directory = testDirectory();
    const launcher = openLauncher();
    const log = directory.at("job", "1000", "1001.cb");
    const bodyFile = directory.write("run.out", "output");
    await launcher.appendLog({ log, header: "<ü\n", bodyFile, body: "note\n", trailer: ">\n" });
    await launcher.appendLog({ log, trailer: "end\n" });
    expect(readFileSync(log, "utf8")).toBe("<ü\noutput\nnote\n>\nend\n");
    expect(existsSync(bodyFile)).toBe(false);
  });

  it("keeps blocks whole, of several launchers and at once", async () => {
    const directory = testDirectory();
    const log = directory.at("log");
    const launchers = [openLauncher(), openLauncher(), openLauncher()];
    const block = (letter: string) => `<${letter}\n${letter.repeat(400_000)}\n>\n`;
    await Promise.all(
      Array.from({ length: 30 }, (_, index) => {
        const letter = String.fromCharCode(97 + (index % 26));
        const bodyFile = directory.write(`body-${index}`, letter.repeat(400_000));
        return launchers[index % 3]?.appendLog({ log, header: `<${letter}\n`, bodyFile, trailer: ">\n" });
      }),
    );
    const text = readFileSync(log, "utf8");
    const size = block("a").length;
    expect(text.length).toBe(30 * size);
    for (let at = 0; at < text.length; at += size) {
      expect(text.slice(at, at + size) === block(text[at + 1] ?? "")).toBe(true);
    }
  });

  it("tells what failed, and keeps the body file", async () => {
    const directory = testDirectory();
    const launcher = openLauncher();
    const bodyFile = directory.write("run.out", "output");
    expect(await rejection(launcher.appendLog({ log: "/dev/full", bodyFile }))).toMatchObject({
      name: "UcbError",
      code: "ERR_UCB_LOG",
      errno: "ENOSPC",
      syscall: "write",
      path: "/dev/full",
    });
    expect(readFileSync(bodyFile, "utf8")).toBe("output");
    const missing = directory.at("missing");
    const error = await rejection(launcher.appendLog({ log: directory.at("log"), bodyFile: missing }));
    expect(error).toMatchObject({ code: "ERR_UCB_LOG", errno: "ENOENT", syscall: "open", path: missing });
    expect(existsSync(directory.at("log"))).toBe(false);
  });

  it.each<Record<string, unknown>>([
    { log: "log" },
    { log: "/tmp/a\0b" },
    { bodyFile: "body" },
    { header: 1 },
    { body: null },
    { trailer: [] },
  ])("refuses %j", async (wrong) => {
    const block = { log: "/nowhere/log", ...wrong } as { log: string };
    expect(await rejection(openLauncher().appendLog(block))).toMatchObject({
      name: "UcbError",
      code: "ERR_UCB_ARGUMENT",
    });
  });
});

describe("a link below a folder that others can write to", () => {
  it("is not followed, by logs or by output, and named", async () => {
    const directory = testDirectory({ secret: "secret" });
    mkdirSync(directory.at("open"));
    chmodSync(directory.at("open"), 0o777);
    mkdirSync(directory.at("elsewhere"));
    const link = directory.at("open", "link");
    symlinkSync(directory.at("elsewhere"), link);
    const launcher = openLauncher();
    const refused = { errno: "ELOOP", path: link, hint: expect.stringContaining(link) };
    const log = directory.at("open", "link", "job", "log");
    expect(await rejection(launcher.appendLog({ log, body: "text" }))).toMatchObject({
      ...refused,
      code: "ERR_UCB_LOG",
    });
    const { exited } = launcher.launch(shell("exit 0", { output: log }));
    expect(await rejection(exited)).toMatchObject({ code: "ERR_UCB_LAUNCH", errno: "ELOOP", path: link });
    expect(readdirSync(directory.at("elsewhere"))).toEqual([]);
    // Nor does it give away what it leads to.
    symlinkSync(directory.path, directory.at("open", "up"));
    const bodyFile = directory.at("open", "up", "secret");
    const appended = launcher.appendLog({ log: directory.at("log"), bodyFile });
    expect(await rejection(appended)).toMatchObject({ code: "ERR_UCB_LOG", path: directory.at("open", "up") });
    expect(existsSync(directory.at("secret"))).toBe(true);
  });
});
