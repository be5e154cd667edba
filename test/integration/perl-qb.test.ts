import { describe, expect, test } from "vitest";
import { verbTable } from "../../lib/bridge/verbs.js";
import { UcbError } from "../../lib/errors.js";
import { ScriptRoom } from "../support/script-room.js";

const well = { code: 0, signal: null, stderr: "" };
const strictly = "use strict; use warnings; use qb;\n";

function kindOf(id: string): string {
  return id.includes(":") ? "work" : id.includes(".") ? "subjob" : "job";
}

describe("qb in Perl", () => {
  test("has every verb and alias, for jobs, subjobs and work", async () => {
    const room = await ScriptRoom.open();
    const calls = [...verbTable].map(([name, { verb, target }]) => {
      const ids = target === "job" ? ["1001", "250.0", "250:7"] : ["250:7", "250:shot 010: a-b"];
      const targets = target === "job" ? ["job", "subjob", "work"] : ["work"];
      const expected = targets.map((kind) => ({ verb, target: kind, ids: ids.filter((id) => kindOf(id) === kind) }));
      return { name, ids, expected };
    });
    const script = calls
      .map(({ name, ids }) => `print join("|", qb::${name}(${ids.map((id) => `'${id}'`).join(", ")})), "\\n";`)
      .join("\n");
    const end = await room.perl(`${strictly}${script}`);
    expect(end).toMatchObject(well);
    expect(room.actions.map(({ by, ...action }) => action)).toEqual(calls.flatMap(({ expected }) => expected));
    expect(room.actions.every(({ by }) => by === "run-1")).toBe(true);
    expect(end.stdout).toBe(calls.map(({ ids }) => `${ids.join("|")}\n`).join(""));
  });

  test("has the event in a variable, too", async () => {
    const room = await ScriptRoom.open();
    const script =
      'print join("|", map { qb::event()->{$_} eq $qb::event->{$_} ? $qb::event->{$_} : "other" } qw(name type jobId)), "\\n";';
    for (const head of ["", strictly]) {
      const end = await room.perl(`${head}${script}`);
      expect(end).toMatchObject(well);
      expect(end.stdout).toMatch(/^[a-z]+\|[a-z]+\|[0-9]+\n$/);
    }
  });

  test("runs what scripts in the wild write, with and without use", async () => {
    const room = await ScriptRoom.open();
    const script = `
qb::unblock($qb::jobid);
qb::workunblock($qb::jobid.":7");
qb::kill qb::jobid(), [1002, [1003]];
my @jobs = qb::jobinfo("-id", $qb::jobid);
print "$jobs[0]->{id}: $jobs[0]{name} ", scalar(qb::kill(1, 2)), " $qb::QB_TIME_EPOCH_OFFSET ", qb::QB_TIME_EPOCH_OFFSET, "\\n";
`;
    room.jobs.push({ id: 1001, name: "shot010" });
    for (const head of ["", strictly, "use qb;\n", "#!/usr/bin/perl -w\nuse strict;\n"]) {
      const end = await room.perl(`${head}${script}`);
      expect(end).toEqual({ ...well, stdout: "1001: shot010 2 946702800 946702800\n" });
    }
    expect(room.actions.slice(0, 3).map(({ by: _, ...action }) => action)).toEqual([
      { verb: "unblock", target: "job", ids: ["1001"] },
      { verb: "unblock", target: "work", ids: ["1001:7"] },
      { verb: "kill", target: "job", ids: ["1001", "1002", "1003"] },
    ]);
  });

  test.each([
    ['"-id", 5', { id: [5] }],
    ['"-id", 5, "6", [7, 8]', { id: [5, 6, 7, 8] }],
    ['"-id", 5, "-id", 6', { id: [5, 6] }],
    ['"-pgrp", 1', { pgrp: [1] }],
    [
      '"-status", "running", "blocked", "-user", "ana", "-name", "a b", "-label", "render"',
      { status: ["running", "blocked"], user: ["ana"], name: ["a b"], label: ["render"] },
    ],
    ['"-agenda", "-id", 5, "-subjobs", "-callbacks"', { id: [5], agenda: true, subjobs: true, callbacks: true }],
    ["", {}],
    ["5, 6", { id: [5, 6] }],
    ["[5, 6]", { id: [5, 6] }],
    ["id => 5", { id: [5] }],
    ["id => [5, 6]", { id: [5, 6] }],
    ["status => 'running', user => ['ana']", { status: ["running"], user: ["ana"] }],
    ["'-name', ['-odd']", { name: ["-odd"] }],
    [
      "filters => {priority => 9999, kind => ['nuke', 'maya']}",
      { filters: { priority: ["9999"], kind: ["nuke", "maya"] } },
    ],
    ["id => 5, agenda => 1, subjobs => 1, callbacks => 0", { id: [5], agenda: true, subjobs: true, callbacks: false }],
  ])("asks with jobinfo(%s)", async (args, query) => {
    const room = await ScriptRoom.open();
    const end = await room.perl(`${strictly}print scalar(my @jobs = qb::jobinfo(${args}));`);
    expect(end).toEqual({ ...well, stdout: "0" });
    expect(room.queries).toEqual([query]);
  });

  test.each([["id => []"], ["'-id', []"], ["status => 'running', filters => {kind => []}"]])(
    "finds nothing with jobinfo(%s), without asking",
    async (args) => {
      const room = await ScriptRoom.open();
      room.jobs.push({ id: 5, status: "running" });
      const end = await room.perl(`${strictly}print scalar(my @jobs = qb::jobinfo(${args}));`);
      expect(end).toEqual({ ...well, stdout: "0" });
      expect(room.queries).toEqual([]);
    },
  );

  test.each([
    ["jobinfo('-statsu', 'running')", "jobinfo: there is no flag -statsu (-id -pgrp"],
    ["jobinfo('-id')", "jobinfo: -id needs a value"],
    ["jobinfo('-id', '-status', 'running')", "jobinfo: -id needs a value"],
    ["jobinfo('-agenda', 5)", "jobinfo: 5 stands behind a flag that takes no value"],
    ["jobinfo(statsu => 'running')", "jobinfo: statsu cannot be asked for (id, pgrp"],
    ["jobinfo(id => undef)", "jobinfo: the value of id is undef"],
    ["jobinfo('-id', undef)", "jobinfo: the value of id is undef"],
    ["jobinfo(id => 'five')", 'jobinfo: "five" is no job id'],
    ["jobinfo(filters => 5)", "jobinfo: filters are a hash reference"],
    ["jobinfo(id => {})", "jobinfo: id is compared with texts and numbers only"],
    ["kill()", "kill: at least one id is needed"],
    ["kill([[]])", "kill: at least one id is needed"],
    ["kill(undef)", "kill: undef is no id"],
    ["kill({id => 5})", "kill: a reference to HASH is no id"],
    ["kill('frame')", 'kill: "frame" is no id'],
    ["killwork(5)", 'killwork: "5" is a job (a work item is written 5:NAME)'],
    ["submit({a => [\\*STDOUT]})", "submit: this cannot be sent: a reference to GLOB at "],
    ["submit('job')", "submit: a job is a record"],
    ["submit({a => 'x' x 9_000_000})", "submit: 9000"],
  ])("refuses %s as if the calling line had died", async (call, reason) => {
    const room = await ScriptRoom.open();
    const script = `${strictly}sub ask {\n  qb::${call}\n}\neval { ask() };\nprint "$qb::error_code $@";\nask();\n`;
    const end = await room.perl(script);
    expect(end.stdout.startsWith(`ERR_UCB_ARGUMENT ${reason}`)).toBe(true);
    expect(end.stdout).toMatch(/ at \S*script\.pl line 3\.\n$/);
    expect(end.stderr).toBe(end.stdout.slice("ERR_UCB_ARGUMENT ".length));
    expect(end.code).not.toBe(0);
    expect([...room.actions, ...room.queries]).toEqual([]);
  });

  test("dies with what the supervisor throws", async () => {
    const room = await ScriptRoom.open();
    room.handler.perform = () => {
      throw new UcbError("ERR_UCB_ACTION", "job 5 is not blocked");
    };
    room.handler.jobInfo = () => Promise.reject(new Error("die Datenbank für Jobs ist weg"));
    const script = `${strictly}
local $SIG{__DIE__} = sub { print "handler: $_[0]" };
eval { qb::unblock(5) }; print "$qb::error_code: $@";
eval { qb::jobinfo("-id", 5) }; print "$qb::error_code: $@";
`;
    const end = await room.perl(script);
    expect(end).toMatchObject(well);
    const path = `${room.folder}/script.pl`;
    expect(end.stdout).toBe(
      `handler: job 5 is not blocked at ${path} line 4.\n` +
        `ERR_UCB_ACTION: job 5 is not blocked at ${path} line 4.\n` +
        `handler: die Datenbank für Jobs ist weg at ${path} line 5.\n` +
        `ERR_UCB_ACTION: die Datenbank für Jobs ist weg at ${path} line 5.\n`,
    );
  });

  test("says what is the matter in a script that is no callback", async () => {
    const room = await ScriptRoom.open();
    const script = `${strictly}
my ($folder) = $INC{'qb.pm'} =~ m{(.*)/};
my $code = 'print defined $qb::jobid ? 1 : 0, "\\n"; for my $call (sub { qb::jobid() }, sub { qb::event() }, sub { qb::kill(5) }) { eval { $call->() }; print $@ }';
print \`env -i perl -I$folder -Mqb -we '$code'\`;
`;
    const end = await room.perl(script);
    expect(end).toMatchObject(well);
    const reason = "is not set: qb works in a callback that was started by its supervisor at -e line 1.\n";
    expect(end.stdout).toBe(`0\nUCB_JOB_ID ${reason}UCB_EVENT ${reason}UCB_TOKEN ${reason}`);
  });

  test("submits jobs and asks for hosts where the supervisor can", async () => {
    const room = await ScriptRoom.open();
    const refused = await room.perl(`${strictly}eval { qb::submit({}) }; print $@; eval { qb::hostinfo() }; print $@;`);
    expect(refused.stdout).toMatch(
      /^this supervisor takes no jobs from callbacks at .*\nthis supervisor knows no hosts at /,
    );
    const asked: unknown[] = [];
    room.handler.submit = (job, by) => {
      asked.push([job, by.jobId]);
      return { id: 7, ...job };
    };
    room.handler.hostInfo = (query) => {
      asked.push(query);
      return [{ name: "node1" }];
    };
    const script = `${strictly}
my $job = { name => 'new', cpus => 2, share => 0.5, text => '2', agenda => [{ name => 1 }], on => \\1, off => \\0, none => undef };
print qb::submit($job)->{id}, (qb::hostinfo("-name", "node1"))[0]{name}, scalar(my @hosts = qb::hostinfo(state => ["up"]));
`;
    expect(await room.perl(script)).toEqual({ ...well, stdout: "7node11" });
    expect(asked).toEqual([
      [{ name: "new", cpus: 2, share: 0.5, text: "2", agenda: [{ name: 1 }], on: true, off: false, none: null }, 1001],
      { name: ["node1"] },
      { state: ["up"] },
    ]);
  });

  test("knows the event, on stdin or else from the environment", async () => {
    const room = await ScriptRoom.open();
    const script = `${strictly}my $event = qb::event(); print "$qb::jobid ", join("|", map { "$_=$event->{$_}" } sort keys %$event);`;
    const options = { event: "complete-work-1000-frame-1 ä", jobId: 1001 };
    const stdout = "1001 extra=frame-1 ä|jobId=1000|name=complete|text=complete-work-1000-frame-1 ä|type=work";
    expect(await room.perl(script, options)).toEqual({ ...well, stdout });
    expect(await room.perl(script, { ...options, stdin: null })).toEqual({ ...well, stdout });
  });
});
