import { describe, expect, test } from "vitest";
import { verbTable } from "../../lib/bridge/verbs.js";
import { UcbError } from "../../lib/errors.js";
import { pythons, ScriptRoom } from "../support/script-room.js";

const well = { code: 0, signal: null, stderr: "" };

function kindOf(id: string): string {
  return id.includes(":") ? "work" : id.includes(".") ? "subjob" : "job";
}

describe.each(pythons())("qb under %s", (interpreter) => {
  test("has every verb and alias, for jobs, subjobs and work", async () => {
    const room = await ScriptRoom.open();
    const calls = [...verbTable].map(([name, { verb, target }]) => {
      const ids = target === "job" ? ["1001", "250.0", "250:7"] : ["250:7", "250:shot 010: a-b"];
      const targets = target === "job" ? ["job", "subjob", "work"] : ["work"];
      const expected = targets.map((kind) => ({ verb, target: kind, ids: ids.filter((id) => kindOf(id) === kind) }));
      return { name, ids, expected };
    });
    const script = calls.map(({ name, ids }) => `print(qb.${name}(*${JSON.stringify(ids)}))`).join("\n");
    const end = await room.python(script, { interpreter });
    expect(end).toMatchObject(well);
    expect(room.actions.map(({ by, ...action }) => action)).toEqual(calls.flatMap(({ expected }) => expected));
    expect(room.actions.every(({ by }) => by === "run-1")).toBe(true);
    const printed = calls.map(({ ids }) => `[${ids.map((id) => `'${id}'`).join(", ")}]\n`).join("");
    expect(end.stdout).toBe(printed);
  });

  test("takes ids as numbers, as text, in lists and generators, and returns what the supervisor affected", async () => {
    const room = await ScriptRoom.open();
    room.handler.perform = (_verb, _target, ids) => ids.slice(1);
    const end = await room.python(
      "print(qb.kill(1, '2', [3, ('4', [5])], (i for i in (6, 7)), {'id': 8}['id'], b'9'))",
      { interpreter },
    );
    expect(end).toEqual({ ...well, stdout: "['2', '3', '4', '5', '6', '7', '8', '9']\n" });
  });

  test.each([
    ["5.0", "kill: 5.0 is no id"],
    ["True", "kill: True is no id"],
    ["None", "kill: None is no id"],
    ["{'id': 5}", "kill: {'id': 5} is no id"],
    ["[]", "kill: at least one id is needed"],
    ["'frame'", 'kill: "frame" is no id'],
    ["-5", 'kill: "-5" is no id'],
  ])("refuses the id %s", async (id, reason) => {
    const room = await ScriptRoom.open();
    const script = `try:\n  qb.kill(${id})\nexcept qb.QBError as error:\n  print(error.code, error)`;
    const end = await room.python(script, { interpreter });
    expect(end).toMatchObject(well);
    expect(end.stdout).toContain(`ERR_UCB_ARGUMENT ${reason}`);
    expect(room.actions).toEqual([]);
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
    ["id=5", { id: [5] }],
    ["id=[5, 6]", { id: [5, 6] }],
    ["id={5}", { id: [5] }],
    ["status='running'", { status: ["running"] }],
    ["status=('running', 'blocked'), user='ana'", { status: ["running", "blocked"], user: ["ana"] }],
    ["'-name', ['-odd']", { name: ["-odd"] }],
    ["name=u'L\\xe4ufer'", { name: ["Läufer"] }],
    [
      "filters={'priority': 9999, 'kind': ['nuke', 'maya']}",
      { filters: { priority: ["9999"], kind: ["nuke", "maya"] } },
    ],
    ["id=5, agenda=True, subjobs=True, callbacks=False", { id: [5], agenda: true, subjobs: true, callbacks: false }],
    ["'-id', 5, status='running'", { id: [5], status: ["running"] }],
  ])("asks with jobinfo(%s)", async (args, query) => {
    const room = await ScriptRoom.open();
    expect(await room.python(`print(qb.jobinfo(${args}))`, { interpreter })).toEqual({ ...well, stdout: "[]\n" });
    expect(room.queries).toEqual([query]);
  });

  test.each([["id=[]"], ["'-id', []"], ["status='running', filters={'kind': []}"]])(
    "finds nothing with jobinfo(%s), without asking",
    async (args) => {
      const room = await ScriptRoom.open();
      room.jobs.push({ id: 5, status: "running" });
      expect(await room.python(`print(qb.jobinfo(${args}))`, { interpreter })).toEqual({ ...well, stdout: "[]\n" });
      expect(room.queries).toEqual([]);
    },
  );

  test.each([
    ['"-statsu", "running"', "there is no flag -statsu (-id -pgrp -status -user -name -label -agenda"],
    ['"-id"', "-id needs a value"],
    ['"-id", "-status", "running"', "-id needs a value"],
    ['"-agenda", 5', "5 stands behind a flag that takes no value"],
    ["statsu='running'", "statsu cannot be asked for (id, pgrp, status, user, name, label, agenda"],
    ["id=None", "the value of id is None"],
    ["id='five'", '"five" is no job id'],
    ["filters=5", "filters are a dict"],
    ["filters={'kind': {'a': []}.items()}", "kind is compared with texts and numbers only"],
  ])("refuses jobinfo(%s)", async (args, reason) => {
    const room = await ScriptRoom.open();
    const script = `try:\n  qb.jobinfo(${args})\nexcept qb.QBError as error:\n  print(error.code, error)`;
    const end = await room.python(script, { interpreter });
    expect(end).toMatchObject(well);
    expect(end.stdout).toContain("ERR_UCB_ARGUMENT jobinfo: ");
    expect(end.stdout).toContain(reason);
    expect(room.queries).toEqual([]);
  });

  test("answers a list of dicts with what JSON can say", async () => {
    const room = await ScriptRoom.open();
    room.jobs.push({
      id: 5,
      name: "Läufer 走る \u0007",
      hosts: "",
      pid: 0,
      rate: 0.5,
      locked: true,
      reason: null,
      prod: { a: [1] },
    });
    const script = "import json\nprint(json.dumps(qb.jobinfo('-id', 5), sort_keys=True))";
    const end = await room.python(script, { interpreter });
    expect(end).toMatchObject(well);
    expect(JSON.parse(end.stdout)).toEqual(room.jobs);
  });

  test("runs the script of the feature's own documentation", async () => {
    const room = await ScriptRoom.open();
    const script = `import sys
import qb
import traceback

fh = open('out', 'a')
try:
    job = qb.jobinfo("-id", qb.jobid())[0]
    fh.write('submitted %(id)s: %(name)s\\n' % job)
except:
    fh.write(traceback.format_exc())
fh.close()
print(open('out').read())
`;
    const job = { id: 1001, name: "shot010" };
    const end = await room.python(script, { interpreter, job, event: "submit-job-1001" });
    expect(end).toEqual({ ...well, stdout: "submitted 1001: shot010\n\n" });
  });

  test("knows job, event and the epoch of Qube", async () => {
    const room = await ScriptRoom.open();
    const script = "print(qb.jobid(), qb.QB_TIME_EPOCH_OFFSET, sorted(qb.event.items()))";
    const options = { interpreter, event: "complete-work-1000-frame-1 a", jobId: 1001 };
    const expected =
      "1001 946702800 [('extra', 'frame-1 a'), ('jobId', 1000), ('name', 'complete'), " +
      "('text', 'complete-work-1000-frame-1 a'), ('type', 'work')]\n";
    expect(await room.python(script, options)).toEqual({ ...well, stdout: expected });
    expect(await room.python(script, { ...options, stdin: null })).toEqual({ ...well, stdout: expected });
    const globally = await room.python("print(qb.jobid(), qb.event['jobId'])", { interpreter, event: "globaltime-5" });
    expect(globally).toEqual({ ...well, stdout: "0 0\n" });
  });

  test("gives the whole event where the environment could hold only a part", async () => {
    const room = await ScriptRoom.open();
    const event = `complete-work-1001-${"ä".repeat(70_000)}`;
    const script =
      "import os\nprint(len(qb.event['extra']), len(os.environb[b'UCB_EVENT_EXTRA']), os.environ['UCB_EVENT_TRUNCATED'])";
    expect(await room.python(script, { interpreter, event })).toEqual({ ...well, stdout: "70000 100000 1\n" });
  });

  test("raises what the supervisor throws, with its message and code", async () => {
    const room = await ScriptRoom.open();
    room.handler.perform = () => {
      throw new UcbError("ERR_UCB_ACTION", "job 5 is not blocked");
    };
    room.handler.jobInfo = () => Promise.reject(new Error("the database is down"));
    const script = `
for call in (lambda: qb.unblock(5), lambda: qb.jobinfo('-id', 5)):
  try:
    call()
  except Exception as error:
    print(type(error).__name__, error.code, error)
import pickle
print(repr(pickle.loads(pickle.dumps(qb.QBError('text', 'CODE'))).code))
qb.unblock(6)
`;
    const end = await room.python(script, { interpreter });
    expect(end.stdout).toBe(
      "QBError ERR_UCB_ACTION job 5 is not blocked\nQBError ERR_UCB_ACTION the database is down\n'CODE'\n",
    );
    expect(end.code).toBe(1);
    expect(end.stderr).toMatch(/^Traceback .*\n {2}File ".*script.py", line 9, in <module>\n {4}qb.unblock\(6\)\n/);
    expect(end.stderr).toMatch(/\nqb\.QBError: job 5 is not blocked\n$/);
  });

  test("submits jobs and asks for hosts where the supervisor can", async () => {
    const room = await ScriptRoom.open();
    const asked: unknown[] = [];
    const script = `
try:
  qb.submit({'name': 'new'})
except qb.QBError as error:
  print(error)
try:
  qb.hostinfo()
except qb.QBError as error:
  print(error)
`;
    expect((await room.python(script, { interpreter })).stdout).toBe(
      "this supervisor takes no jobs from callbacks\nthis supervisor knows no hosts\n",
    );
    room.handler.submit = (job, by) => {
      asked.push([job, by.jobId]);
      return { id: 7, ...job };
    };
    room.handler.hostInfo = (query) => {
      asked.push(query);
      return [{ name: "node1" }];
    };
    const end = await room.python(
      "print(qb.submit({'name': 'new', 'cpus': 2, 'agenda': [{'name': '1'}]})['id'], qb.hostinfo('-name', 'node1'), qb.hostinfo('node1', state=['up']))",
      { interpreter },
    );
    expect(end).toEqual({ ...well, stdout: "7 [{'name': 'node1'}] [{'name': 'node1'}]\n" });
    expect(asked).toEqual([
      [{ name: "new", cpus: 2, agenda: [{ name: "1" }] }, 1001],
      { name: ["node1"] },
      { name: ["node1"], state: ["up"] },
    ]);
  });

  test("refuses to send what JSON cannot say", async () => {
    const room = await ScriptRoom.open();
    const script = `
for value in (float('nan'), object(), 'x' * 9000000):
  try:
    qb.submit({'a': value})
  except qb.QBError as error:
    print(error.code, str(error)[:30])
print(qb.kill(5))
`;
    const end = await room.python(script, { interpreter });
    expect(end).toMatchObject(well);
    expect(end.stdout).toMatch(/^(ERR_UCB_ARGUMENT submit: .*\n){3}\['5'\]\n$/);
  });

  test("says what is the matter in a script that is no callback", async () => {
    const room = await ScriptRoom.open();
    const script = `
import os, sys
for name in list(os.environ):
  if name.startswith('UCB_'): del os.environ[name]
code = "import qb\\nfor call in (qb.jobid, lambda: qb.event, lambda: qb.kill(5), lambda: qb.jobinfo('-id', 5)):\\n  try: call()\\n  except qb.QBError as error: print(error)"
import subprocess
path = [p for p in sys.path if p.endswith('/runtime/python')][0]
sys.stdout.write(subprocess.check_output([sys.executable, '-B', '-c', code], env={'PYTHONPATH': path}).decode())
`;
    const end = await room.python(script, { interpreter });
    expect(end).toMatchObject(well);
    const reason = "is not set: qb works in a callback that was started by its supervisor\n";
    expect(end.stdout).toBe(`UCB_JOB_ID ${reason}UCB_EVENT ${reason}UCB_TOKEN ${reason}UCB_JOB_ID ${reason}`);
  });
});
