import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { perlCases } from "../support/script-cases.js";
import { ScriptRoom } from "../support/script-room.js";

const well = { code: 0, signal: null, stderr: "" };
const strictly = "use strict; use warnings; use qb;\n";

describe("a callback in Perl", () => {
  test.each(Object.entries(perlCases))("behaves as a plain script does: %s", async (_, script) => {
    const room = await ScriptRoom.open();
    const options = { stdin: "line 1\nline 2\n", environment: { PATH: process.env.PATH ?? "" } };
    const callback = await room.perl(script, options);
    expect(callback).toEqual(await room.perl(script, { ...options, plain: true }));
  });

  test.each([
    ["-T", "1"],
    ["-wT", "1"],
    ["-T -w", "1"],
    ["-t", "-1"],
    ["-w", "0"],
    ["-I/Tools -w", "0"],
  ])("may begin with #!/usr/bin/perl %s", async (switches, taint) => {
    const room = await ScriptRoom.open();
    room.jobs.push({ id: 5, name: "five" });
    const script = `#!/usr/bin/perl ${switches}
use strict;
print "\${^TAINT} ", (qb::jobinfo("-id", 5))[0]{name}, " ", qb::kill($qb::jobid), " ", (qb::jobinfo("-id", $qb::jobid))[0]{name};
`;
    room.jobs.push({ id: 1001, name: "own" });
    expect(await room.perl(script)).toEqual({ ...well, stdout: `${taint} five 1001 own` });
  });

  test.each([
    ["#!/usr/bin/perl -CS"],
    ["#!/usr/bin/env perl"],
    ["#!/usr/bin/perl\r"],
    ["# no first line"],
    ["#!/usr/local/bin/perl5 -w -CSD"],
  ])("may begin with %j", async (line) => {
    const room = await ScriptRoom.open();
    const script = `${line}\nprint qb::jobid(), ${line.includes("-C") ? '"\\x{8d70}"' : '"走"'};\n`;
    expect(await room.perl(script)).toEqual({ ...well, stdout: "1001走" });
  });

  test("prints at once", async () => {
    const room = await ScriptRoom.open();
    const end = await room.perl("print 'a'; syswrite STDOUT, 'b'; print 'c'; kill 'KILL', $$;");
    expect(end).toMatchObject({ signal: "SIGKILL", stdout: "abc" });
  });

  test("finds what it may call before it has called anything, and nothing else", async () => {
    const room = await ScriptRoom.open();
    const script = `${strictly}print join " ", map { qb->can($_) ? 1 : 0 } qw(jobinfo workretry QB_TIME_EPOCH_OFFSET nothing);
eval { qb::nothing(1) }; print "; $@";
eval { qb->nothing }; print $@;
`;
    const end = await room.perl(script);
    const undefinedAt = (line: number) =>
      `Undefined subroutine &qb::nothing called at ${room.folder}/script.pl line ${line}.\n`;
    expect(end).toEqual({ ...well, stdout: `1 1 1 0; ${undefinedAt(3)}${undefinedAt(4)}` });
  });

  test("is given a qb that loads neither strict nor warnings, and would not mind them", async () => {
    const room = await ScriptRoom.open();
    const end = await room.perl('print grep { $INC{$_} } "strict.pm", "warnings.pm";');
    expect(end).toEqual({ ...well, stdout: "" });
    const module = readFileSync(join(import.meta.dirname, "../../runtime/perl/qb.pm"), "utf8");
    const copy = join(room.folder, "qb.pm");
    writeFileSync(copy, `use strict; use warnings FATAL => 'all';\n${module}`);
    const compiled = spawnSync("/usr/bin/perl", ["-c", copy], { encoding: "utf8" });
    expect(compiled).toMatchObject({ status: 0, stderr: `${copy} syntax OK\n` });
  });

  test("finds the modules that it names", async () => {
    const room = await ScriptRoom.open();
    writeFileSync(join(room.folder, "Helper.pm"), "package Helper; sub f { qb::jobid() } 1;\n");
    const script = `${strictly}use FindBin; use lib $FindBin::Bin; use Helper; print Helper::f();`;
    expect(await room.perl(script)).toEqual({ ...well, stdout: "1001" });
  });
});

describe("the own record in Perl", () => {
  const job = { id: 1001, name: "own", status: "running", agenda: [{ name: "1" }] };

  test("needs no supervisor", async () => {
    const room = await ScriptRoom.open();
    room.handler.jobInfo = () => Promise.reject(new Error("not to be asked"));
    const script = `${strictly}
for my $call ([-id => $qb::jobid], ["-id", "1001"], [id => 1001], [id => [1001]], [1001]) {
  my ($record) = qb::jobinfo(@$call);
  print join(",", map { "$_=$record->{$_}" } sort keys %$record), "\\n";
  %$record = ();
}
print((qb::jobinfo("-id", 1001, "-agenda"))[0]{agenda}[0]{name}, (qb::jobinfo(id => 1001, agenda => 1))[0]{agenda}[0]{name});
`;
    const record = "id=1001,name=own,status=running\n";
    expect(await room.perl(script, { job })).toEqual({ ...well, stdout: `${record.repeat(5)}11` });
  });

  test.each([
    ["more is asked for", "qb::jobinfo(id => 1001, subjobs => 1)"],
    ["another condition is made", "qb::jobinfo(id => 1001, status => 'running')"],
    ["other jobs are asked for as well", "qb::jobinfo(id => [1001, 1002])"],
    ["something was changed", "(qb::unblock(5), qb::jobinfo(id => 1001))[1]"],
    ["the record is no longer fresh", "($qb::_fresh_until = 0, qb::jobinfo(id => 1001))[1]"],
    ["the document is another's", "($qb::_variables{UCB_RUN_ID} = 'x', qb::jobinfo(id => 1001))[1]"],
  ])("is asked for when %s", async (_, call) => {
    const room = await ScriptRoom.open();
    room.jobs.push({ id: 1001, name: "fresh", status: "running", subjobs: [] });
    const end = await room.perl(`${strictly}print map { $_->{name} } ${call};`, { job });
    expect(end).toEqual({ ...well, stdout: "fresh" });
    expect(room.queries).toHaveLength(1);
  });

  test.each([
    ["a pipe", null],
    ["no document", "hello\n"],
    ["another JSON", "[1, 2]\n"],
    ["half a document", '{"run":{"id":'],
  ])("is asked for where stdin is %s", async (_, stdin) => {
    const room = await ScriptRoom.open();
    room.jobs.push({ id: 1001, name: "asked" });
    const end = await room.perl(`${strictly}print((qb::jobinfo(id => 1001))[0]{name});`, { stdin });
    expect(end).toEqual({ ...well, stdout: "asked" });
  });

  test("and all else survive what a script does to its surroundings", async () => {
    const room = await ScriptRoom.open();
    room.jobs.push({ id: 5, name: "five" });
    const script = `${strictly}
close STDIN; open my $null, '<', '/dev/null'; %ENV = (); chdir '/'; @INC = (); @ARGV = (); $/ = undef; $\\ = '!'; $, = '-';
$_ = 'topic'; $@ = 'error'; $SIG{PIPE} = 'DEFAULT';
my @all = (fileno $null, qb::jobid(), (qb::jobinfo(id => 1001))[0]{name}, (qb::jobinfo(id => 5))[0]{name});
print @all, $_, $@, $SIG{PIPE};
`;
    expect(await room.perl(script, { job })).toEqual({ ...well, stdout: "0-1001-own-five-topic-error-DEFAULT!" });
  });
});

describe("processes in Perl", () => {
  test("never share a connection", async () => {
    const room = await ScriptRoom.open();
    for (let id = 1; id <= 80; id++) room.jobs.push({ id, name: `name${id}` });
    const script = `${strictly}
sub ask { my ($start) = @_; return scalar grep { (qb::jobinfo(id => $_))[0]{name} ne "name$_" } $start .. $start + 19 }
ask(1);
my @children;
for my $n (0 .. 3) {
  my $child = fork;
  exit ask(1 + 20 * $n) unless $child;
  push @children, $child;
}
print ask(1), map { waitpid $_, 0; $? } @children;
`;
    expect(await room.perl(script)).toEqual({ ...well, stdout: "00000" });
  });

  test("may be interrupted in the middle of a question, and then ask another", async () => {
    const room = await ScriptRoom.open();
    room.jobs.push({ id: 5, name: "five" });
    let release = (): void => undefined;
    room.handler.perform = (_verb, _target, ids) =>
      new Promise((resolve) => {
        release = () => resolve(ids);
        room.jobs.push({ id: 6, name: "asked" });
      });
    const script = `${strictly}
my $parent = $$;
my $child = fork;
if (!$child) {
  select undef, undef, undef, 0.01 until qb::jobinfo(id => 6);
  kill 'USR1', $parent;
  exit;
}
local $SIG{USR1} = sub { print((qb::jobinfo(id => 5))[0]{name}, "\\n"); die "rung\\n" };
eval { qb::kill(7) };
print $@, (qb::jobinfo(id => 5))[0]{name};
waitpid $child, 0;
`;
    const end = await room.perl(script);
    release();
    expect(end).toEqual({ ...well, stdout: "five\nrung\nfive" });
  });

  test("are not disturbed by signals that come while they wait", async () => {
    const room = await ScriptRoom.open();
    room.handler.perform = (_verb, _target, ids) => new Promise((resolve) => setTimeout(() => resolve(ids), 100));
    const script = `${strictly}use Time::HiRes 'ualarm';
my $rung = 0; $SIG{ALRM} = sub { $rung++ }; ualarm 5_000, 5_000;
my @affected = qb::kill(7);
ualarm 0;
print "@affected ", $rung > 0 ? "rung" : "silent";
`;
    expect(await room.perl(script)).toEqual({ ...well, stdout: "7 rung" });
  });

  test("are not killed by SIGPIPE when the supervisor is gone", async () => {
    const room = await ScriptRoom.open();
    const path = room.bridge.grant(room.makeRun()).socket;
    const script = `${strictly}
print qb::kill(5), "\\n";
open my $ready, '>', 'ready'; close $ready;
select undef, undef, undef, 0.01 while -e 'ready';
for (1, 2) { eval { qb::kill(5) }; print "$qb::error_code $@" =~ s/ \\(.*//sr, "\\n" }
`;
    const running = room.perl(script);
    await vi.waitFor(() => expect(existsSync(`${room.folder}/ready`)).toBe(true), { timeout: 30_000 });
    await room.bridge.close();
    rmSync(`${room.folder}/ready`);
    const end = await running;
    expect(end).toMatchObject(well);
    const [affected, first, second] = end.stdout.split("\n");
    expect(affected).toBe("5");
    expect(first).toContain(`ERR_UCB_BRIDGE the supervisor cannot be reached at ${path}: `);
    expect(second).toBe(`ERR_UCB_BRIDGE the supervisor cannot be reached at ${path}: No such file or directory`);
  });
});
