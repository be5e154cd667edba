import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { getPriority } from "node:os";
import { describe, expect, it } from "vitest";
import { openEngine, temporarySite } from "../support/temporary-site.js";

const mebibyte = 2 ** 20;

/** Runs a Python and a Perl callback with these options, and gives what each printed and how it ended. */
async function runBoth(options: string, python: string, perl: string) {
  const site = temporarySite({
    "callbacks.conf": `a.py = complete-job-self\nb.pl = failed-job-self\n[*]\nretry = no\n${options}\n`,
    "a.py": python,
    "b.pl": perl,
  });
  const { engine, ended } = await openEngine(site);
  expect(engine.diagnostics).toEqual([]);
  engine.emit("complete-job-1");
  engine.emit("failed-job-2");
  await engine.idle();
  return ["a.py", "b.pl"].map((name) => {
    const run = ended.find(({ callback }) => callback === name);
    if (run === undefined) throw new Error(`${name} has not run`);
    const log = run.log !== null && existsSync(run.log) ? readFileSync(run.log, "latin1") : "";
    return { run, log, output: log.split("\n").slice(1, -2).join("\n"), site };
  });
}

/** If sessions can stand back here, as often as one likes: without privileges the system refuses some of the changes. */
function sessionsCanStandBack(): boolean {
  const change = "for i in 1 2 3; do echo 0 > /proc/self/autogroup || exit 1; done";
  return spawnSync("setsid", ["--wait", "sh", "-c", change]).status === 0;
}

describe("the processes of a callback", () => {
  it("stand back as far as nice says", async () => {
    const both = await runBoth("nice = 7", "import os; print(os.nice(0))", "print getpriority(0, 0), qq(\\n)");
    for (const { output } of both) expect(Number(output)).toBe(getPriority() + 7);
  });

  it.skipIf(!sessionsCanStandBack()).each(["no", "yes"])("stand back with their session, warm = %s", async (warm) => {
    const both = await runBoth(
      `nice = 7\nwarm = ${warm}\ntimeout = 30s`,
      "import time\nwhile ' nice 7' not in open('/proc/self/autogroup').read(): time.sleep(0.01)\n",
      "for (;;) { open my $group, '<', '/proc/self/autogroup'; last if <$group> =~ / nice 7$/; select undef, undef, undef, 0.01 }",
    );
    for (const { run } of both) expect(run).toMatchObject({ state: "succeeded", warm: warm === "yes" });
  });

  it("and what they start have as many files as limit.files says", async () => {
    const both = await runBoth(
      "limit.files = 40",
      "import subprocess; print(subprocess.check_output(['/bin/sh', '-c', 'ulimit -n']).decode(), end='')",
      "print `/bin/sh -c 'ulimit -n'`",
    );
    for (const { output } of both) expect(output).toBe("40");
  });

  it("fail when they open more", async () => {
    const both = await runBoth(
      "limit.files = 40",
      "files = [open('/dev/null') for _ in range(50)]",
      "for (1 .. 50) { open my $file, '<', '/dev/null' or die \"$!\\n\"; push @files, $file }",
    );
    for (const { run, output } of both) {
      expect(run).toMatchObject({ state: "failed", exitCode: expect.any(Number) });
      expect(output).toContain("Too many open files");
    }
  });

  it("have as much memory as limit.memory says", async () => {
    const limited = await runBoth(
      "limit.memory = 300m",
      `data = bytearray(${400 * mebibyte})`,
      `my $data = 'x' x ${400 * mebibyte}; print length $data`,
    );
    for (const { run } of limited) expect(run.state).toBe("failed");
    expect(limited[0]?.output).toContain("MemoryError");
    expect(limited[1]?.output).toMatch(/Out of memory/i);
    const enough = await runBoth(
      "limit.memory = 1g",
      `data = bytearray(${400 * mebibyte})`,
      `my $data = 'x' x ${400 * mebibyte}`,
    );
    expect(enough.map(({ run }) => run.reason)).toEqual([null, null]);
  });

  it("fail with a reason where the memory is not enough for their interpreter", async () => {
    for (const { run } of await runBoth("limit.memory = 1m", "pass", "1")) {
      expect(run.state).toBe("failed");
      expect(run.reason).toMatch(/limit\.memory|exit 127|killed by SIG/);
    }
  });

  it("print as much as limit.output says, and the run says why they ended", async () => {
    const both = await runBoth(
      "limit.output = 64k",
      "import sys\nfor _ in range(10000): sys.stdout.write('x' * 99 + '\\n')",
      "print 'x' x 99, qq(\\n) for 1 .. 10000",
    );
    for (const { run, log } of both) {
      expect(run.state).toBe("failed");
      expect(run.reason).toMatch(/its output cut at limit\.output, 65536 bytes$/);
      expect(log).toMatch(/=== end .* its output cut at limit\.output, 65536 bytes/);
      expect(log.length).toBeLessThan(67_000);
      expect(log.length).toBeGreaterThan(65_536);
    }
    expect(both.map(({ run }) => run.signal)).toEqual([null, "SIGXFSZ"]);
  });

  it("write no file that is larger", async () => {
    const both = await runBoth(
      "limit.output = 64k",
      "import os\nopen(os.environ['UCB_CALLBACK'] + '.out', 'wb').write(b'x' * 100000)",
      "open my $file, '>', \"$ENV{UCB_CALLBACK}.out\"; syswrite $file, 'x' x 50000 for 1 .. 3; print 'done'",
    );
    expect(both.map(({ run }) => run.state)).toEqual(["failed", "failed"]);
    expect(both[0]?.output).toContain("File too large");
    expect(both[1]?.run.reason).toBe("killed by SIGXFSZ, since a file it wrote reached limit.output, 65536 bytes");
    for (const { run, site } of both) expect(statSync(`${site.directory}/${run.callback}.out`).size).toBe(65_536);
  });
});
