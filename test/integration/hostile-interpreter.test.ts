import { chmodSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { resolveInterpreter } from "../../lib/execute/interpreters.js";
import { heldBeyond, holdings } from "../support/scenarios/holdings.mjs";
import { openEngine, temporarySite } from "../support/temporary-site.js";

/** An engine with a callback whose interpreter, a link to the real one, lies in the test's own folder. */
async function openRoom() {
  const site = temporarySite({ "own.py": 'print("own")\n', "usual.py": 'print("usual")\n' });
  const interpreter = site.path("python3");
  const real = await resolveInterpreter("python", null);
  symlinkSync(real, interpreter);
  writeFileSync(
    `${site.directory}/callbacks.conf`,
    `own.py = complete-job-self\nusual.py = complete-job-self\n[own.py]\ninterpreter = ${interpreter}\n[*]\nwarm = no\n`,
    { mode: 0o644 },
  );
  const { engine, ended } = await openEngine(site, { strict: true });
  /** Ends a job and resolves to what became of the callback in question; the other one must go on as always. */
  const outcome = async () => {
    const before = ended.length;
    engine.emit("complete-job-1");
    await engine.idle();
    const runs = Object.fromEntries(ended.slice(before).map((run) => [run.callback, run]));
    expect(runs["usual.py"]).toMatchObject({ state: "succeeded", reason: null });
    return runs["own.py"];
  };
  expect(await outcome()).toMatchObject({ state: "succeeded", reason: null });
  return { interpreter, real, outcome };
}

const failure = (interpreter: string, errno: string) => ({
  state: "failed",
  pid: null,
  code: "ERR_UCB_LAUNCH",
  reason: expect.stringMatching(new RegExp(`^could not start ${interpreter}: .*${errno}`)),
});

test.each([
  ["is gone", "ENOENT", (path: string) => rmSync(path)],
  ["is a link to nothing", "ENOENT", (path: string) => relink(path, "/nowhere/python3")],
  ["is a link to itself", "ELOOP", (path: string) => relink(path, path)],
  ["is a folder", "EACCES", (path: string) => relink(path, "/")],
  ["may not be executed", "EACCES", (path: string) => replace(path, "#!/bin/sh\n", 0o644)],
  ["is no program", "ENOEXEC", (path: string) => replace(path, "exit 0\n", 0o755)],
  ["is empty", "ENOEXEC", (path: string) => replace(path, "", 0o755)],
  ["needs an interpreter that is missing", "ENOENT", (path: string) => replace(path, "#!/nowhere/sh\n", 0o755)],
  ["is cut short", "ENOEXEC", (path: string) => replace(path, "\x7fELF", 0o755)],
])(
  "an interpreter that after loading %s fails its runs and nobody else's, until it is back",
  async (_, errno, harm) => {
    const { interpreter, real, outcome } = await openRoom();
    const before = holdings();
    harm(interpreter);
    for (let round = 0; round < 2; round++) expect(await outcome()).toMatchObject(failure(interpreter, errno));
    relink(interpreter, real);
    expect(await outcome()).toMatchObject({ state: "succeeded", reason: null });
    expect(await heldBeyond(before)).toEqual({ descriptors: 0, threads: 0, children: 0 });
  },
);

test("without any interpreter in PATH an engine opens, says so, and runs what needs none", async () => {
  const site = temporarySite({
    "callbacks.conf": "a.py = complete-job-self\nb.pl = complete-job-self\nc.qcb = complete-job-self\n",
    ...{ "a.py": "", "b.pl": "", "c.qcb": "unblock-self\n" },
  });
  const { PATH } = process.env;
  process.env.PATH = site.directory;
  const { engine, ended } = await openEngine(site).finally(() => {
    process.env.PATH = PATH;
  });
  expect(engine.diagnostics.map(({ message }) => message)).toEqual([
    expect.stringMatching(/no usable interpreter for python .*python3 in PATH .* was not found/),
    expect.stringMatching(/no usable interpreter for perl .*perl in PATH .* was not found/),
  ]);
  engine.emit("complete-job-1");
  await engine.idle();
  const runs = Object.fromEntries(ended.map((run) => [run.callback, run]));
  expect(runs["a.py"]).toMatchObject({
    state: "failed",
    code: "ERR_UCB_INTERPRETER",
    reason: expect.stringMatching("python"),
  });
  expect(runs["b.pl"]).toMatchObject({
    state: "failed",
    code: "ERR_UCB_INTERPRETER",
    reason: expect.stringMatching("perl"),
  });
  expect(runs["c.qcb"]?.state).toBe("succeeded");
});

function relink(path: string, target: string): void {
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

/** In one step, as an upgrade does; a file that is written to cannot be executed. */
function replace(path: string, text: string, mode: number): void {
  writeFileSync(`${path}.new`, text);
  chmodSync(`${path}.new`, mode);
  renameSync(`${path}.new`, path);
}
