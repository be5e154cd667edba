import { existsSync, rmSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { pythons, ScriptRoom } from "../support/script-room.js";

const well = { code: 0, signal: null, stderr: "" };

describe.each(pythons())("the own record under %s", (interpreter) => {
  const job = { id: 1001, name: "own", status: "running", agenda: [{ name: "1" }] };
  const all = "for call in CALLS: print(sorted(qb.jobinfo(*call[0], **call[1])[0].items()))";

  test("needs no supervisor", async () => {
    const room = await ScriptRoom.open();
    room.handler.jobInfo = () => Promise.reject(new Error("not to be asked"));
    const calls = `CALLS = [
  (('-id', qb.jobid()), {}), (('-id', '1001'), {}), ((), {'id': 1001}), ((), {'id': [1001]}), ((1001,), {}),
]`;
    const plain = "[('id', 1001), ('name', 'own'), ('status', 'running')]\n";
    expect(await room.python(`${calls}\n${all}`, { interpreter, job })).toEqual({ ...well, stdout: plain.repeat(5) });
    const agenda = "print(qb.jobinfo(id=1001, agenda=True)[0]['agenda'], qb.jobinfo('-id', 1001, '-agenda')[0]['id'])";
    expect(await room.python(agenda, { interpreter, job })).toEqual({ ...well, stdout: "[{'name': '1'}] 1001\n" });
  });

  test("is a new copy each time", async () => {
    const room = await ScriptRoom.open();
    const script = "qb.jobinfo(id=1001)[0].clear()\nprint(qb.jobinfo(id=1001)[0]['name'])";
    expect(await room.python(script, { interpreter, job })).toEqual({ ...well, stdout: "own\n" });
    expect(room.queries).toEqual([]);
  });

  test.each([
    ["more is asked for", "qb.jobinfo(id=1001, subjobs=True)"],
    ["another condition is made", "qb.jobinfo(id=1001, status='running')"],
    ["other jobs are asked for as well", "qb.jobinfo(id=[1001, 1002])"],
    ["something was changed", "(qb.unblock(5), qb.jobinfo(id=1001))[1]"],
    ["the record is no longer fresh", "(qb.__dict__.update(_fresh_until=0.0), qb.jobinfo(id=1001))[1]"],
    ["the document is another's", "(qb._variables.update({b'UCB_RUN_ID': b'x'}), qb.jobinfo(id=1001))[1]"],
  ])("is asked for when %s", async (_, call) => {
    const room = await ScriptRoom.open();
    room.jobs.push({ id: 1001, name: "fresh", status: "running", subjobs: [] });
    const end = await room.python(`print([job['name'] for job in ${call}])`, { interpreter, job });
    expect(end).toEqual({ ...well, stdout: "['fresh']\n" });
    expect(room.queries).toHaveLength(1);
  });

  test.each([
    ["a pipe", null],
    ["no document", "hello\n"],
    ["another JSON", "[1, 2]\n"],
  ])("is asked for where stdin is %s", async (_, stdin) => {
    const room = await ScriptRoom.open();
    room.jobs.push({ id: 1001, name: "asked" });
    const end = await room.python("print(qb.jobinfo(id=1001))", { interpreter, stdin });
    expect(end).toEqual({ ...well, stdout: "[{'id': 1001, 'name': 'asked'}]\n" });
  });

  test("and all else survive what a script does to its surroundings", async () => {
    const room = await ScriptRoom.open();
    room.jobs.push({ id: 5, name: "five" });
    const script = `
import os, sys
os.closerange(0, 1)
os.closerange(3, 64)
null = os.open('/dev/null', os.O_RDONLY)
os.environ.clear()
os.chdir('/')
sys.path[:] = [path for path in sys.path if 'runtime' not in path]
del sys.argv[:]
sys.stdout.write('%s %s %s %s' % (null, qb.jobid(), qb.jobinfo(id=1001)[0]['name'], qb.jobinfo(id=5)[0]['name']))
`;
    expect(await room.python(script, { interpreter, job })).toEqual({ ...well, stdout: "0 1001 own five" });
  });
});

describe.each(pythons())("processes and threads under %s", (interpreter) => {
  test("never share a connection", async () => {
    const room = await ScriptRoom.open();
    for (let id = 1; id <= 200; id++) room.jobs.push({ id, name: `name${id}` });
    const script = `
import os, threading
bad = []
def ask(start):
    for number in range(start, start + 20):
        if qb.jobinfo(id=number)[0]['name'] != 'name%d' % number: bad.append(number)
ask(1)
threads = [threading.Thread(target=ask, args=(1 + 20 * n,)) for n in range(10)]
for thread in threads: thread.start()
children = []
for n in range(4):
    child = os.fork()
    if child == 0:
        bad = []
        ask(1 + 40 * n)
        os._exit(len(bad))
    children.append(child)
ask(1)
for thread in threads: thread.join()
print([os.waitpid(child, 0)[1] for child in children], bad)
`;
    const end = await room.python(script, { interpreter });
    expect({ ...end, stderr: end.stderr.replace(/.*DeprecationWarning.*fork.*\n.*\n/g, "") }).toEqual({
      ...well,
      stdout: "[0, 0, 0, 0] []\n",
    });
  });

  test.each([["fork"], ["spawn"], ["forkserver"]])("may be made by multiprocessing with %s", async (method) => {
    const room = await ScriptRoom.open();
    room.jobs.push({ id: 5, name: "five" });
    const script = `
import multiprocessing
import qb

class Answer(object):
    def __init__(self, name): self.name = name

def ask(number):
    return Answer(qb.jobinfo(id=number)[0]['name'] + str(qb.jobid()))

if __name__ == '__main__':
    context = multiprocessing.get_context('${method}')
    with context.Pool(2) as pool:
        print([answer.name for answer in pool.map(ask, [5, 5, 5])], qb.kill(6))
`;
    const end = await room.python(script, { interpreter });
    expect(end).toEqual({ ...well, stdout: "['five1001', 'five1001', 'five1001'] ['6']\n" });
  });

  test("may be programs of their own, which inherit who asks", async () => {
    const room = await ScriptRoom.open();
    const script = `
import subprocess, sys
path = sys.path[-1]
code = "import sys; sys.path.append(%r); import qb; print(qb.unblock(qb.jobid()))" % path
print(subprocess.check_output([sys.executable, '-B', '-c', code]).decode(), qb.kill(6))
`;
    expect(await room.python(script, { interpreter })).toEqual({ ...well, stdout: "['1001']\n ['6']\n" });
    expect(room.actions.map(({ by }) => by)).toEqual(["run-1", "run-1"]);
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
    const script = `
import os, signal, threading, time
def ring(*_):
    print(qb.jobinfo(id=5)[0]['name'])
    raise KeyError('rung')
signal.signal(signal.SIGUSR1, ring)
def watch():
    while not qb.jobinfo(id=6): time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGUSR1)
threading.Thread(target=watch).start()
try:
    qb.kill(7)
except KeyError as error:
    print(error)
print(qb.jobinfo(id=5)[0]['name'])
`;
    const end = await room.python(script, { interpreter });
    release();
    expect(end).toEqual({ ...well, stdout: "five\n'rung'\nfive\n" });
  });

  test("are not killed by SIGPIPE when the supervisor is gone", async () => {
    const room = await ScriptRoom.open();
    const path = room.bridge.grant(room.makeRun()).socket;
    const script = `
import signal
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
print(qb.kill(5))
import os
open('ready', 'w').close()
while os.path.exists('ready'): pass
for _ in range(2):
    try:
        qb.kill(5)
    except qb.QBError as error:
        print(error.code, str(error).split(' (')[0])
`;
    const running = room.python(script, { interpreter });
    await vi.waitFor(() => expect(existsSync(`${room.folder}/ready`)).toBe(true), { timeout: 30_000 });
    await room.bridge.close();
    rmSync(`${room.folder}/ready`);
    const end = await running;
    expect(end).toMatchObject(well);
    const [affected, first, second] = end.stdout.split("\n");
    expect(affected).toBe("['5']");
    expect(first).toContain(`ERR_UCB_BRIDGE the supervisor cannot be reached at ${path}: `);
    expect(second).toBe(
      `ERR_UCB_BRIDGE the supervisor cannot be reached at ${path}: [Errno 2] No such file or directory`,
    );
  });
});
