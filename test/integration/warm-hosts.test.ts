import { readdirSync, readFileSync, renameSync, rmSync, utimesSync } from "node:fs";
import { getPriority } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { findRun, startTicksOf } from "../../lib/execute/process-identity.js";
import { WarmRoom } from "../support/warm-room.js";

/** What people wait for is there long before this. */
const patience = { timeout: 30_000 };

function age(room: WarmRoom, file: string): void {
  utimesSync(join(room.folder, file), 1e9, 1e9);
}

function childrenOfOurs(): number {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] === String(process.pid);
    } catch {
      return false;
    }
  }).length;
}

describe("a warm run", () => {
  test.each([
    ["dice.py", "import os, random, secrets, uuid\nprint(random.random(), secrets.token_hex(8), uuid.uuid4())\n"],
    ["dice.pl", "print rand, ' ', int rand 1e9;"],
  ])("has random numbers of its own: %s", async (file, script) => {
    const room = await WarmRoom.open();
    room.write(file, script);
    age(room, file);
    const runs = await Promise.all(Array.from({ length: 8 }, () => room.run(room.callback(file))));
    expect(runs.every(({ warm }) => warm === true)).toBe(true);
    expect(new Set(runs.flatMap(({ output }) => output.split(" "))).size).toBe(
      8 * (runs[0]?.output.split(" ").length ?? 0),
    );
  });

  test.each(["slow.py", "slow.pl"])("ends at its deadline, and says what it used: %s", async (file) => {
    const room = await WarmRoom.open();
    room.write(file, file.endsWith("py") ? "import time\ntime.sleep(60)\n" : "sleep 60;");
    const { outcome, warm } = await room.run(room.callback(file, { timeoutMs: 300 }));
    expect(warm).toBe(true);
    expect(outcome).toMatchObject({ state: "timed-out", signal: "SIGTERM" });
    expect(outcome.usage?.maxRssKb).toBeGreaterThan(1000);
  });

  test.each([
    [
      "limits.py",
      "import os, resource as r\nprint(os.nice(0), r.getrlimit(r.RLIMIT_NOFILE)[0], r.getrlimit(r.RLIMIT_AS)[1])\n",
    ],
    [
      "limits.pl",
      "open my $f, '<', '/proc/self/limits'; my %l; /^Max (open files|address space) +(\\d+)/ and $l{$1} = $2 while <$f>; print getpriority(0, 0), \" $l{'open files'} $l{'address space'}\";",
    ],
  ])("has the limits that were set: %s", async (file, script) => {
    const room = await WarmRoom.open();
    room.write(file, script);
    const limits = { memory: 2 ** 31, files: 77, output: null };
    const { output, warm } = await room.run(room.callback(file, { nice: 3, limits }));
    expect([output, warm]).toEqual([`${getPriority() + 3} 77 ${2 ** 31}`, true]);
  });

  test.each([
    ["s.py", "import os, time\nwhile not os.path.exists('go'):\n  time.sleep(0.01)\n"],
    ["s.pl", "select undef, undef, undef, 0.01 until -e 'go';"],
  ])("is found by the run it is of, as after a crash: %s", async (file, script) => {
    const room = await WarmRoom.open();
    room.write(file, script);
    room.write("go", "");
    await room.run(room.callback(file));
    // The next run's process is there already.
    await hostAndForks();
    rmSync(join(room.folder, "go"));
    const before = Date.now();
    const pid = await new Promise<number | null>((begun) => void room.run(room.callback(file), begun));
    expect(findRun(room.lastRunId)).toEqual([
      {
        pid,
        startTicks: expect.any(Number),
        startedAt: expect.toSatisfy((at: number) => before <= at && at <= Date.now()),
        attempt: 1,
        token: expect.stringMatching(/./),
      },
    ]);
    room.write("go", "");
    await room.launcher.idle();
  });

  test("runs what the script's file holds, whenever that changes", async () => {
    const room = await WarmRoom.open();
    const callback = room.callback("s.py");
    for (const [time, text] of [
      [1e9, "print(1)\n"],
      [1e9 + 1, "print(2)\n"],
      [1e9 + 1, "print(22)\n"],
      [Date.now() / 1000, "print(3)\n"],
      [Date.now() / 1000, "print(4)\n"],
    ] as const) {
      room.write("s.py", text);
      utimesSync(join(room.folder, "s.py"), time, time);
      for (let again = 0; again < 2; again++) {
        const { output, warm } = await room.run(callback);
        expect([output, warm]).toEqual([text.slice(6, -2), true]);
      }
    }
  });

  test.each([
    ["s.py", "print('checked')\n", "print('another')\n"],
    ["s.pl", "print 'checked';\n", "print 'another';\n"],
  ])("runs what was checked, whatever has its path by then: %s", async (file, checked, another) => {
    const room = await WarmRoom.open();
    room.write(file, checked);
    const callback = room.callback(file);
    expect((await room.run(callback)).output).toBe("checked");
    const hosts = await hostAndForks();
    for (const pid of hosts) process.kill(pid, "SIGSTOP");
    const logs = join(room.folder, "..", "log");
    const outputs = () => readdirSync(logs, { recursive: true }).filter((name) => String(name).endsWith(".out"));
    expect(outputs()).toEqual([]);
    const run = room.run(callback);
    // Its output is opened after the script.
    await vi.waitUntil(() => outputs().length === 1, patience);
    room.write("other", another);
    renameSync(join(room.folder, "other"), callback.path);
    for (const pid of hosts) process.kill(pid, "SIGCONT");
    const { output, warm } = await run;
    expect([output, warm]).toEqual(["checked", true]);
    expect((await room.run(callback)).output).toBe("another");
  });

  test("does not take a module beside the script for one that is loaded", async () => {
    const room = await WarmRoom.open();
    room.write("s.py", "import json\nprint(json.mine)\n");
    room.write("json.py", "mine = 'mine'\n");
    const { output, warm } = await room.run(room.callback("s.py"));
    expect(output).toBe("mine");
    expect(warm).toMatch(/^no: the module json beside it would not be found/);
  });
});

describe("a warm interpreter", () => {
  test.each([
    ["s.py", ["csv", "json"], "import sys\nprint('csv' in sys.modules and 'sqlite3' not in sys.modules)\n", "True"],
    [
      "s.pl",
      ["JSON::PP", "POSIX"],
      "print exists $INC{'POSIX.pm'} && !exists $INC{'Socket.pm'} ? 'True' : 'False';",
      "True",
    ],
  ])("has loaded what preload names: %s", async (file, preload, script, expected) => {
    const room = await WarmRoom.open();
    room.write(file, script);
    const { output, warm } = await room.run(room.callback(file, { preload }));
    expect([output, warm]).toEqual([expected, true]);
  });

  test.each([
    ["s.py", "no_such_module", /^no: preload: no_such_module cannot be loaded: ModuleNotFoundError/],
    ["s.pl", "No::Such", /^no: preload: No::Such cannot be loaded: Can't locate No\/Such\.pm/],
    ["s.py", "starts_a_thread", /^no: preload: starts_a_thread starts a thread/],
    ["s.py", "ends_it_all", /^no: preload: ends_it_all cannot be loaded: SystemExit: it ends the interpreter/],
    ["s.py", "kills_it_all", /^no: the warm interpreter did not start/],
  ])("that cannot be is told, and runs are cold: %s with %s", async (file, module, reason) => {
    const room = await WarmRoom.open();
    const modules = {
      starts_a_thread: "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n",
      ends_it_all: "raise SystemExit\n",
      kills_it_all: "import os\nos.kill(os.getpid(), 9)\n",
    };
    room.write(file, file.endsWith("py") ? "print('ran')\n" : "print 'ran';");
    for (const [name, text] of Object.entries(modules)) room.write(`../${name}.py`, text);
    const callback = room.callback(file, { preload: [module], env: { PYTHONPATH: join(room.folder, "..") } });
    const first = await room.run(callback);
    expect([first.output, first.outcome.state]).toEqual(["ran", "succeeded"]);
    expect(first.warm).toMatch(reason);
    await vi.waitFor(() => expect(room.problems).toHaveLength(1), patience);
    expect((await room.run(callback)).warm).toBe(first.warm);
    expect(room.problems).toHaveLength(1);
    expect(room.warm.size).toBe(0);
  });

  test.each([
    ["PYTHONINSPECT", "s.py", "print('ran')\n", /^no: PYTHONINSPECT has an effect at each start/],
    ["PERL5OPT", "s.pl", "print 'ran';", /^no: PERL5OPT has an effect at each start/],
    ["NOTHING", "s.pl", "#!/usr/bin/perl -T\nprint 'ran';", /^no: its first line asks for taint mode$/],
    ["NOTHING", "s.pl", "#!/usr/bin/perl -s\nprint 'ran';", /^no: its first line has the switch -s$/],
  ])("is none for what it could not do as well: %s %s", async (name, file, script, reason) => {
    const room = await WarmRoom.open();
    room.write(file, script);
    const { output, warm } = await room.run(room.callback(file, { env: { [name]: name === "PERL5OPT" ? "-w" : "" } }));
    expect(output).toBe("ran");
    expect(warm).toMatch(reason);
  });

  test("is shared by callbacks of one kind, and has the variables that are read at a start", async () => {
    const room = await WarmRoom.open();
    room.write("../own_module.py", "name = 'own'\n");
    room.write("s.py", "import sys, locale\nprint(sys.flags.hash_randomization, locale.getpreferredencoding())\n");
    room.write("t.py", "import own_module\nprint(own_module.name)\n");
    const plain = { env: { SOME: "thing" } };
    expect((await room.run(room.callback("s.py", plain))).output).toBe("1 utf-8".replace("utf", "UTF"));
    await room.run(room.callback("s.py", { env: { OTHER: "thing" } }));
    expect(room.warm.size).toBe(1);
    const own = await room.run(room.callback("t.py", { env: { PYTHONPATH: join(room.folder, "..") } }));
    expect([own.output, own.warm]).toEqual(["own", true]);
    expect(room.warm.size).toBe(2);
    const fixed = await room.run(room.callback("s.py", { env: { PYTHONHASHSEED: "0" } }));
    expect([fixed.output.slice(0, 1), fixed.warm]).toEqual(["0", true]);
  });

  test("is started where it is worth it, and ended when nobody needs it", async () => {
    const room = await WarmRoom.open({ idleMs: 500 });
    room.write("s.py", "print('ran')\n");
    const callback = room.callback("s.py", { warm: "auto" });
    expect((await room.run(callback)).warm).toBe(false);
    expect((await room.run(callback)).warm).toBe(false);
    expect(room.warm.size).toBe(0);
    await vi.waitFor(async () => expect((await room.run(callback)).warm).toBe(true), patience);
    await vi.waitFor(() => expect(room.warm.size).toBe(0), patience);
    await vi.waitFor(() => expect(childrenOfOurs()).toBe(0), patience);
  });

  test("is replaced after a number of forks, without a run that waits or is cold", async () => {
    const room = await WarmRoom.open({ forks: 20 });
    room.write("s.py", "import os\nprint(open('/proc/self/stat').read().split()[19])\n");
    const callback = room.callback("s.py");
    const runs = [];
    for (let index = 0; index < 70; index++) runs.push(await room.run(callback));
    expect(runs.every(({ warm, outcome }) => warm === true && outcome.exitCode === 0)).toBe(true);
    // One, and the forks that wait there.
    await vi.waitFor(() => expect(childrenOfOurs()).toBe(5), patience);
  });

  test("that dies again and again is given up, and no run is lost", async () => {
    const room = await WarmRoom.open();
    room.write("s.py", "print('ran')\n");
    const callback = room.callback("s.py");
    for (let death = 0; death < 3; death++) {
      expect((await room.run(callback)).warm).toBe(true);
      const hosts = hostPids();
      expect(hosts).toHaveLength(1);
      for (const pid of hosts) process.kill(pid, "SIGKILL");
      await vi.waitFor(() => expect(room.warm.size).toBe(0), patience);
    }
    const after = await room.run(callback);
    expect([after.output, after.warm]).toEqual(["ran", "no: the warm interpreter has ended"]);
    expect(room.problems).toEqual([expect.stringContaining("the warm interpreter has ended")]);
  });

  test.each(["s.py", "s.pl"])("is replaced when a fork that waits is killed: %s", async (file) => {
    const room = await WarmRoom.open();
    room.write(file, file.endsWith("py") ? "print('ran')\n" : "print 'ran';");
    const callback = room.callback(file);
    expect((await room.run(callback)).warm).toBe(true);
    const [, fork = 0] = await hostAndForks();
    process.kill(fork, "SIGKILL");
    await vi.waitFor(() => expect(room.warm.size).toBe(0), patience);
    await vi.waitFor(() => expect(childrenOfOurs()).toBe(0), patience);
    const after = await room.run(callback);
    expect([after.output, after.warm]).toEqual(["ran", true]);
    expect(room.problems).toEqual([]);
  });

  test("that is killed in the middle of a hundred runs loses none and begins none twice", async () => {
    const room = await WarmRoom.open();
    room.write("s.py", "import os\nprint(os.environ['UCB_RUN_ID'])\n");
    const callback = room.callback("s.py");
    await room.run(callback);
    let begun = 0;
    const runs = await Promise.all(
      Array.from({ length: 100 }, () =>
        room.run(callback, () => {
          begun += 1;
          if (begun === 30) for (const pid of hostPids()) process.kill(pid, "SIGKILL");
        }),
      ),
    );
    expect(begun).toBe(100);
    expect(runs.map(({ outcome }) => outcome.state)).toEqual(Array(100).fill("succeeded"));
    expect(new Set(runs.map(({ output }) => output)).size).toBe(100);
    expect(runs.every(({ output }) => /^run-\d+$/.test(output))).toBe(true);
    expect(runs.some(({ warm }) => warm === true)).toBe(true);
  });

  test.each(["wait", "leave", "terminate"] as const)("ends with its launcher: %s", async (running) => {
    const room = await WarmRoom.open();
    room.write("s.py", "import time\ntime.sleep(1)\n");
    let begun = 0;
    const runs = Array.from({ length: 4 }, () => room.run(room.callback("s.py"), () => (begun += 1)).catch(() => null));
    await vi.waitFor(() => expect(begun).toBe(4), patience);
    const closed = room.launcher.close({ running });
    const ended = await Promise.all(runs);
    await closed;
    const ends = { wait: "succeeded", leave: undefined, terminate: "failed" };
    expect(ended.map((end) => end?.outcome.state)).toEqual(Array(4).fill(ends[running]));
    await vi.waitFor(() => expect(childrenOfOurs()).toBe(0), patience);
  });
});

/** The child of this process that is a host, and not a fork of it that waits. */
function hostPids(): number[] {
  return pidsOfHosts().slice(0, 1);
}

/** The host, and the forks that wait for the next runs. */
async function hostAndForks(): Promise<number[]> {
  return vi.waitUntil(() => {
    const pids = pidsOfHosts();
    return pids.length === 5 && pids;
  }, patience);
}

/** In the order of their start; without those that have become runs, and ended, while they were looked at. */
function pidsOfHosts(): number[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        const parent = readFileSync(`/proc/${pid}/stat`, "utf8")
          .replace(/^.*\) \S+ /, "")
          .split(" ")[0];
        return parent === String(process.pid) && isHost(Number(pid));
      } catch {
        return false;
      }
    })
    .map((pid) => ({ pid: Number(pid), start: startTicksOf(Number(pid)) }))
    .filter(({ start }) => start > 0)
    .sort((one, other) => one.start - other.start || one.pid - other.pid)
    .map(({ pid }) => pid);
}

/** Runs have the same command line, but not the channel. */
function isHost(pid: number): boolean {
  return (
    readFileSync(`/proc/${pid}/cmdline`, "utf8").match(/warm_host\.py|fork\.pl/) !== null &&
    readdirSync(`/proc/${pid}/fd`).includes("3")
  );
}
