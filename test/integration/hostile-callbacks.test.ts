import { expect, test, vi } from "vitest";
import { filedOutput } from "../support/filed-output.js";
import { begun, openHostileRoom } from "../support/hostile-room.js";
import { stateOf } from "../support/process-state.js";

test("a callback may close its standard streams", async () => {
  const room = await openHostileRoom(
    "silent.pl",
    `$| = 1; print "said\\n"; close STDIN; close STDOUT; close STDERR; print "unheard\\n"; exit 4;`,
    "timeout = 5m",
  );
  const run = await room.outcome();
  expect(run).toMatchObject({ state: "failed", exitCode: 4, reason: "exit 4" });
  expect(filedOutput(run)).toBe("said\n");
});
test("a callback that floods both its outputs holds up nobody, and all of it is filed", async () => {
  const room = await openHostileRoom(
    "flood.pl",
    `my $line = "x" x 1023 . "\\n"; for (1 .. 15_000) { syswrite(STDOUT, $line); syswrite(STDERR, $line) }`,
    "timeout = 5m",
  );
  const run = await room.outcome();
  expect(run).toMatchObject({ state: "succeeded", reason: null });
  expect(filedOutput(run).length).toBe(30_000 * 1024);
});
test.each([
  ["", "SIGTERM"],
  ['$SIG{TERM} = "IGNORE"; ', "SIGKILL"],
])("a callback that stops itself is ended at its timeout (%s%s)", async (first, signal) => {
  const room = await openHostileRoom("stopped.pl", `${first}kill STOP => $$ while 1;`, "timeout = 2s", {
    killAfterMs: 300,
  });
  const run = await room.outcome();
  expect(run).toMatchObject({ state: "timed-out", signal, reason: `timed out, killed by ${signal}` });
});
test("a callback that others stop and let go on ends as it would have", async () => {
  const room = await openHostileRoom(
    "interrupted.pl",
    `${begun("begun")} select(undef, undef, undef, 0.01) until -e "../go"; exit 3;`,
    "timeout = 5m",
  );
  const ended = room.outcome();
  const pid = await room.process("begun");
  for (let round = 0; round < 20; round++) {
    process.kill(pid, "SIGSTOP");
    await vi.waitUntil(() => stateOf(pid) === "T", { timeout: 30_000 });
    process.kill(pid, "SIGCONT");
    await vi.waitUntil(() => stateOf(pid) !== "T", { timeout: 30_000 });
  }
  process.kill(pid, "SIGUSR1");
  expect(await ended).toMatchObject({ state: "failed", signal: "SIGUSR1", reason: "killed by SIGUSR1" });
});
test("a callback that takes more memory than it may have fails alone", async () => {
  const room = await openHostileRoom(
    "greedy.py",
    `import resource
resource.setrlimit(resource.RLIMIT_AS, (400_000_000, 400_000_000))
kept = []
while True:
    kept.append(bytearray(10_000_000))
`,
    "timeout = 5m",
  );
  const run = await room.outcome();
  expect(run).toMatchObject({ state: "failed", exitCode: 1, reason: "exit 1" });
  expect(filedOutput(run)).toContain("MemoryError");
});
