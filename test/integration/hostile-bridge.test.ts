import { existsSync, writeFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { filedOutput } from "../support/filed-output.js";
import { begun, openHostileRoom } from "../support/hostile-room.js";
import { openEngine, temporarySite } from "../support/temporary-site.js";

/** Perl: connects to the bridge as nobody's module does. */
const connected = `use Errno; use IO::Socket::UNIX; $| = 1; $SIG{PIPE} = "IGNORE";
sub bridge {
  my $bridge;
  # An alarm may interrupt it.
  1 until $bridge = IO::Socket::UNIX->new(Peer => $ENV{UCB_SOCKET}) or !$!{EINTR} and die "no connection: $!";
  return $bridge;
}
sub question { qq({"token":"$_[0]","id":1,"method":"jobinfo","params":{"id":77}}\\n) }
`;

test("a callback that talks nonsense to the bridge is told so, and ends as it likes", async () => {
  const room = await openHostileRoom(
    "nonsense.pl",
    `${connected}
for my $text ("hello\\n", "\\0\\xff\\n", "[]\\n", '{"token":5}' . "\\n", "\\n", question("nobody")) {
  my $bridge = bridge();
  print $bridge $text;
  my $answer = <$bridge>;
  print $answer, defined(<$bridge>) ? "goes on\\n" : "ended\\n";
}
my $bridge = bridge();
print $bridge '{"token":"' for 1;
close $bridge;
exit 6;
`,
    "timeout = 5m",
  );
  const run = await room.outcome();
  expect(run).toMatchObject({ state: "failed", exitCode: 6, reason: "exit 6" });
  expect(filedOutput(run)).toMatch(/^(\{"id":null,"error":\{.*"ERR_UCB_BRIDGE".*\}\}\nended\n){6}$/);
});

test.each([
  [
    "a line without end",
    `while (!-e "enough") { my $bridge = bridge(); 1 while !-e "enough" && print $bridge "x" x 65536 }`,
  ],
  [
    "questions whose answers it never reads",
    `while (!-e "enough") { my $bridge = bridge(); 1 while !-e "enough" && print $bridge question($ENV{UCB_TOKEN}) x 100 }`,
  ],
  ["connections", `my @kept; while (!-e "enough") { push @kept, bridge(); shift @kept if @kept > 500 }`],
  [
    "connections that are its own",
    `my @kept; while (!-e "enough") { my $bridge = bridge(); print $bridge question($ENV{UCB_TOKEN}); push @kept, $bridge; shift @kept if @kept > 500 }`,
  ],
])("a callback that floods the bridge with %s keeps nobody from asking", async (_, flood) => {
  // Writing to somebody who has stopped reading waits for ever: an alarm goes on with the next connection.
  const guard = `$SIG{ALRM} = sub { if (-e "enough") { exit 0 } alarm 1 }; alarm 1;`;
  const room = await openHostileRoom("flood.pl", `${connected}${guard}${begun("begun")}\n${flood}\n`, "timeout = 5m");
  const run = await room.outcome(async () => {
    await room.process("begun");
    for (let round = 0; round < 5; round++) await room.good();
    writeFileSync(`${room.directory}/enough`, "");
  });
  expect(run).toMatchObject({ state: "succeeded", reason: null });
});

test("a callback cannot use the token of another run: not beside its own, and not once that run has ended", async () => {
  const site = temporarySite({
    "callbacks.conf": "victim.pl = running-job-self\nthief.pl = failed-job-self\n",
    "victim.pl": `open(my $file, ">", "token.tmp"); print $file $ENV{UCB_TOKEN}; close $file; rename("token.tmp", "token");
select(undef, undef, undef, 0.01) until -e "over";
my @jobs = qb::jobinfo("-id", 77);
print "asked\\n";
`,
    "thief.pl": `${connected}
select(undef, undef, undef, 0.01) until -e "token";
open(my $file, "<", "token"); my $token = <$file>;
my $bridge = bridge();
print $bridge question($ENV{UCB_TOKEN}), question($token);
print "own: ", scalar(<$bridge>), "both: ", scalar(<$bridge>);
close $bridge;
open(my $tried, ">", "tried"); close $tried;
select(undef, undef, undef, 0.01) until -e "ended";
$bridge = bridge();
print $bridge question($token);
print "late: ", scalar(<$bridge>), defined(<$bridge>) ? "goes on\\n" : "ended\\n";
my @jobs = qb::jobinfo("-id", 77);
print "own again\\n";
`,
  });
  const { engine, ended } = await openEngine(site, { strict: true });
  const file = (name: string) => `${site.directory}/${name}`;
  engine.emit("running-job-1");
  engine.emit("failed-job-2");
  await vi.waitUntil(() => existsSync(file("tried")), { timeout: 30_000 });
  writeFileSync(file("over"), "");
  await vi.waitUntil(() => ended.length === 1, { timeout: 30_000 });
  expect(ended[0]).toMatchObject({ callback: "victim.pl", state: "succeeded" });
  // It has lost nothing to the thief.
  expect(filedOutput(ended[0])).toBe("asked\n");
  writeFileSync(file("ended"), "");
  await engine.idle();
  expect(ended[1]).toMatchObject({ callback: "thief.pl", state: "succeeded" });
  expect(filedOutput(ended[1])).toMatch(
    /^own: \{"id":1,"result":\[\]\}\nboth: .*belongs to another run.*\nlate: .*lets nobody ask.*\nended\nown again\n$/,
  );
});
