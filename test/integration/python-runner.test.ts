import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { pythonCases } from "../support/script-cases.js";
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

describe.each(pythons())("a callback under %s", (interpreter) => {
  test.each(Object.entries(pythonCases))("behaves as a plain script does: %s", async (_, script) => {
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

  test("keeps what is the package's own compiled, where that can be written", async () => {
    const room = await ScriptRoom.open();
    const runtime = join(room.folder, "runtime");
    cpSync(join(import.meta.dirname, "../../runtime/python"), runtime, {
      recursive: true,
      filter: (path) => !path.endsWith("__pycache__"),
    });
    const script = join(room.folder, "script.py");
    writeFileSync(script, "import sys\nprint(qb.jobid(), sys.dont_write_bytecode)\n");
    const run = () =>
      execFileSync(interpreter, ["-u", "-B", join(runtime, "run_callback.py"), script], {
        env: { UCB_JOB_ID: "7" },
        encoding: "utf8",
      });
    const kept = join(runtime, "qb", "__pycache__");
    expect(run()).toBe("7 True\n");
    expect(readdirSync(kept).map((name) => name.split(".")[0])).toEqual(expect.arrayContaining(["__init__", "runner"]));
    rmSync(kept, { recursive: true });
    writeFileSync(kept, "no folder");
    expect(run()).toBe("7 True\n");
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
