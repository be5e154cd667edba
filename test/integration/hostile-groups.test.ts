import { expect, test, vi } from "vitest";
import { filedOutput } from "../support/filed-output.js";
import { begun, openHostileRoom } from "../support/hostile-room.js";
import { isAlive } from "../support/process-state.js";
import { childrenOf } from "../support/scenarios/holdings.mjs";

test("a callback that leaves a daemon behind has ended when it ends, and the daemon is nobody's child", async () => {
  const room = await openHostileRoom(
    "daemon.pl",
    `use POSIX ();
$| = 1;
print "before\\n";
if (fork == 0) {
  POSIX::setsid();
  if (fork == 0) { ${begun("daemon")} sleep 1 while 1 }
  POSIX::_exit(0);
}
select(undef, undef, undef, 0.01) until -e "daemon";
print "after\\n";
`,
    "timeout = 5m",
  );
  const run = await room.outcome();
  expect(run).toMatchObject({ state: "succeeded", reason: null });
  expect(filedOutput(run)).toBe("before\nafter\n");
  const daemon = await room.process("daemon");
  expect(isAlive(daemon)).toBe(true);
  expect(childrenOf()).not.toContain(daemon);
});
test("a callback that ignores TERM is killed, with those of its group that ignore it too", async () => {
  const room = await openHostileRoom(
    "stubborn.pl",
    `$SIG{$_} = "IGNORE" for qw(TERM HUP INT CONT QUIT);
if (fork == 0) { ${begun("child")} sleep 1 while 1 }
select(undef, undef, undef, 0.01) until -e "child";
sleep 1 while 1;
`,
    "timeout = 3s",
    { killAfterMs: 300 },
  );
  const run = await room.outcome();
  expect(run).toMatchObject({ state: "timed-out", signal: "SIGKILL", reason: "timed out, killed by SIGKILL" });
  const child = await room.process("child");
  await vi.waitUntil(() => !isAlive(child), { timeout: 30_000 });
});
test("a callback that ends at TERM takes those of its group with it that ignore it", async () => {
  const room = await openHostileRoom(
    "parent.pl",
    `if (fork == 0) { $SIG{TERM} = "IGNORE"; ${begun("child")} sleep 1 while 1 }
sleep 1 while 1;
`,
    "timeout = 3s",
    { killAfterMs: 100_000 },
  );
  expect(await room.outcome()).toMatchObject({ state: "timed-out", signal: "SIGTERM" });
  const child = await room.process("child");
  await vi.waitUntil(() => !isAlive(child), { timeout: 30_000 });
});
test("a callback cannot leave its group; what it lets leave goes on, and the callback still ends in time", async () => {
  const room = await openHostileRoom(
    "leaver.pl",
    `use POSIX ();
$| = 1;
print "setsid: ", POSIX::setsid() // "no", "\\n";
print "setpgid: ", POSIX::setpgid(0, 0) // "no", "\\n";
if (fork == 0) { POSIX::setpgid(0, 0); ${begun("child")} sleep 1 while 1 }
sleep 1 while 1;
`,
    "timeout = 3s",
  );
  const run = await room.outcome();
  expect(run).toMatchObject({ state: "timed-out", signal: "SIGTERM" });
  expect(filedOutput(run)).toMatch(/^setsid: (no|-1)\nsetpgid: (no|-1)\n/);
  // Nobody but the system can tell whose it is: as with any daemon, that is the callback's own affair.
  expect(isAlive(await room.process("child"))).toBe(true);
});
test("a callback that forks as fast as it can is ended at its timeout, and all of it with it", async () => {
  const room = await openHostileRoom(
    "forks.pl",
    `use POSIX ();
my @children;
for (1 .. 200) { my $child = fork // last; if ($child == 0) { sleep 1 while 1 } push @children, $child }
${begun("forks")}
sleep 1 while 1;
`,
    "timeout = 3s",
  );
  expect(await room.outcome()).toMatchObject({ state: "timed-out" });
  const leader = await room.process("forks");
  // Its number cannot be given to another group for as long as one of them is there.
  await vi.waitUntil(() => !groupExists(leader), { timeout: 30_000 });
});

function groupExists(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}
