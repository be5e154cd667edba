import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { pythons, type ScriptEnd, type ScriptOptions, ScriptRoom } from "../support/script-room.js";

/** The same script as a callback and by the interpreter alone. */
async function both(
  script: string,
  options: ScriptOptions,
): Promise<{ callback: ScriptEnd; plain: ScriptEnd; room: ScriptRoom }> {
  const room = await ScriptRoom.open();
  const callback = await room.python(script, options);
  const plain = await room.python(script, { ...options, plain: true });
  return { callback, plain, room };
}

/** Where an object stands in memory differs from process to process. */
function withoutAddresses(end: ScriptEnd): ScriptEnd {
  return { ...end, stderr: end.stderr.replace(/ at 0x[0-9a-f]+/g, " at 0x") };
}

const scripts: Record<string, string> = {
  "an exit code": "import sys\nprint('out')\nsys.exit(3)",
  "an exit with a text": "import sys\nsys.exit('gone wrong')",
  "an exit with None": "import sys\nsys.exit(None)",
  "an exit with another value": "raise SystemExit((1, 2))",
  "an exit from below": "def f():\n  raise SystemExit(7)\nf()",
  "an exit from a thread":
    "import sys, threading\nthread = threading.Thread(target=lambda: sys.exit(5))\nthread.start()",
  "os._exit": "import os\nprint('out')\nos._exit(9)",
  "a signal": "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
  "an interrupt": "import atexit\natexit.register(print, 'at exit')\nraise KeyboardInterrupt",
  "an error": "def f(x):\n    return 1 / x\n\nprint('before')\nf(0)\n",
  "an error on the first line": "undefined_name",
  "an error in an error": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    {}['missing']\n",
  "an error with a cause":
    "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError('because') from error\n",
  "an error in a called module": "import json\njson.loads('{')\n",
  "an error in a thread":
    "import threading\nthread = threading.Thread(target=lambda: 1 / 0, name='T')\nthread.start()\nthread.join()\n",
  "an error at exit": "import atexit\ndef f():\n    1 / 0\natexit.register(f)\n",
  "an error while collected": "class C:\n    def __del__(self):\n        1 / 0\nC()\n",
  "an error of a class of its own": "class Mine(Exception):\n    pass\nraise Mine('text')\n",
  "an assertion": "assert 1 == 2, 'no'\n",
  "a syntax error": "print('never')\ndef f(:\n    pass\n",
  "an unclosed bracket": "x = (1,\n\nprint('never')\n",
  "bad indentation": "if True:\nprint('never')\n",
  "tabs and spaces": "if True:\n\tx = 1\n        y = 2\n",
  "a return outside a function": "x = 1\nreturn x\n",
  "a NUL": "print(1)\n\0\n",
  "an unknown encoding": "# -*- coding: nonsense -*-\nprint(1)\n",
  "a wrong encoding": "# -*- coding: ascii -*-\nprint('\u00e9')\n",
  "a byte order mark": "\ufeffprint('bom')\n",
  "carriage returns": "print('a')\r\nprint('b')\r\n",
  "no line end": "print('a')",
  nothing: "",
  "a warning": "import warnings\nwarnings.warn('careful')\nwarnings.warn('old', DeprecationWarning)\n",
  "a doubtful literal": "x = '\\d'\nprint(x is 5)\n",
  "a hook of its own":
    "import sys, traceback\ndef hook(kind, error, tb):\n  print(kind, [f.f_lineno for f, _ in traceback.walk_tb(tb)])\nsys.excepthook = hook\n1 / 0\n",
  "no hook at all": "import sys\ndel sys.excepthook\nsys.exit(4)\n",
  "a formatted traceback": "import traceback\ntry:\n  1 / 0\nexcept Exception:\n  print(traceback.format_exc())\n",
  "a source that is asked for":
    "import inspect\ndef f():\n  return 5\nprint(inspect.getsource(f), inspect.getsource(inspect.getmodule(f)))\n",
  "pickling of its classes":
    "import pickle\nclass C: pass\nprint(type(pickle.loads(pickle.dumps(C()))) is C, C.__module__)\n",
  "what a main module has":
    "import sys\nprint(sorted(k for k in globals()), __name__, __doc__, __package__, __spec__, type(__loader__).__name__, __loader__.name, sys.modules['__main__'].__dict__ is globals(), __builtins__ is sys.modules['builtins'])\n",
  "a docstring": "'''What it is.'''\nprint(__doc__)\n",
  "its name and place": "import os, sys\nprint(__file__, sys.argv, sys.path[0], os.getcwd())\n",
  annotations: "x: int = 5\nprint(x)\n",
  "a future": "from __future__ import division\nimport __future__\nprint(1 / 2, division)\n",
  flags:
    "import sys\nprint(sys.flags.unbuffered if hasattr(sys.flags, 'unbuffered') else '', sys.dont_write_bytecode, sys.stdout.line_buffering)\n",
  "no functions of the runner":
    "import sys\nprint([n for n in ('load', 'become', 'hide_runner', 'namespace', 'home') if n in globals()])\n",
  "stdin by lines": "import sys\nprint(sys.stdin.readline() != '', sys.stdin.read())\n",
  "stdin from the start": "import os\nprint(os.lseek(0, 0, os.SEEK_CUR), len(os.read(0, 5)))\n",
  "an order of things at the end":
    "import atexit, threading\natexit.register(print, 'at exit')\ngo = threading.Event()\ndef f():\n  go.wait()\n  print('thread')\nthreading.Thread(target=f).start()\nprint('main')\ngo.set()\nraise SystemExit('text')\n",
};

describe.each(pythons())("a callback under %s", (interpreter) => {
  test.each(Object.entries(scripts))("behaves as a plain script does: %s", async (_, script) => {
    const { callback, plain } = await both(script, { interpreter, stdin: "line 1\nline 2\n" });
    expect(withoutAddresses(callback)).toEqual(withoutAddresses(plain));
  });

  test("may be in Latin-1 if it says so", async () => {
    const room = await ScriptRoom.open();
    const path = join(room.folder, "latin.py");
    writeFileSync(path, Buffer.from("# -*- coding: latin-1 -*-\nprint(ascii('\xe9'))\n", "latin1"));
    const end = await room.python(`import runpy\nrunpy.run_path(${JSON.stringify(path)})`, { interpreter });
    expect(end).toEqual({ code: 0, signal: null, stdout: "'\\xe9'\n", stderr: "" });
  });

  test("finds the modules beside it, and leaves nothing there", async () => {
    const room = await ScriptRoom.open();
    writeFileSync(join(room.folder, "helper.py"), "import qb\ndef f():\n  return qb.jobid()\n");
    writeFileSync(join(room.folder, "qb.py"), "raise ImportError('not this one')\n");
    mkdirSync(join(room.folder, "package"));
    writeFileSync(join(room.folder, "package", "__init__.py"), "name = 'package'\n");
    const script = "import helper, package, qb\nprint(helper.f(), package.name, qb.jobid())\n";
    const end = await room.python(script, { interpreter });
    expect(end).toEqual({ code: 0, signal: null, stdout: "1001 package 1001\n", stderr: "" });
    const left = readdirSync(room.folder, { recursive: true }).filter((name) => String(name).includes("pycache"));
    expect(left).toEqual([]);
  });

  test("has qb without importing it, also in its modules and by other names", async () => {
    const room = await ScriptRoom.open();
    writeFileSync(join(room.folder, "helper.py"), "def f():\n  return qb.jobid()\n");
    const script = `
import helper
print(qb.jobid(), helper.f())
from qb import jobid, QBError, unblock as release
import qb as farm
print(jobid(), farm is qb, issubclass(QBError, Exception), release(5))
from qb import *
print(workunblock('5:7'), QB_TIME_EPOCH_OFFSET)
`;
    const end = await room.python(script, { interpreter });
    expect(end).toEqual({
      code: 0,
      signal: null,
      stdout: "1001 1001\n1001 True True ['5']\n['5:7'] 946702800\n",
      stderr: "",
    });
  });

  test("prints at once", async () => {
    const room = await ScriptRoom.open();
    const end = await room.python("import os\nprint('a')\nos.write(1, b'b\\n')\nprint('c')\nos._exit(0)", {
      interpreter,
    });
    expect(end.stdout).toBe("a\nb\nc\n");
  });

  test("that is gone is reported as by the interpreter", async () => {
    const room = await ScriptRoom.open();
    const script = "import os, sys\nos.execv(sys.executable, [sys.executable, '-u', '-B', PATH, '/nowhere/x.py'])";
    const runner = JSON.stringify(join(import.meta.dirname, "../../runtime/python/run_callback.py"));
    const end = await room.python(script.replace("PATH", runner), { interpreter });
    expect(end).toMatchObject({ code: 2, signal: null, stdout: "" });
    expect(end.stderr).toMatch(/can't open file '\/nowhere\/x\.py': \[Errno 2\] No such file or directory\n$/);
    expect(existsSync(JSON.parse(runner))).toBe(true);
  });

  test("cannot have its place in the path when the site asks for none", async () => {
    const { callback, plain } = await both("import sys\nprint(sys.path[0])\n", {
      interpreter,
      env: { PYTHONSAFEPATH: "1" },
    });
    expect(callback).toEqual(plain);
  });
});
