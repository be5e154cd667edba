import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { resolveInterpreter } from "../../lib/execute/interpreters.js";
import { runCommand, runOnTerminal } from "../support/run-command.js";
import { temporarySite } from "../support/temporary-site.js";

const good = {
  "callbacks.conf": "a.py = done-job-self\nb.qcb = complete-job-self && complete-job-parent\nb.qcb = failed-job-self\n",
  "a.py": "print(1)\n",
  "b.qcb": "unblock-self\n",
};
const broken = {
  "callbacks.conf":
    "a.py = done-job-self\ngone.py = failed-job-self\nc.pl = complete-jbo-self\nd.pl = failled-job-self\n",
  "a.py": "print(1)\n",
  "c.pl": "print 1;\n",
  "d.pl": "print 1;\n",
};

test("a directory without errors exits 0 and is summed up, warnings and all", async () => {
  const { directory } = temporarySite(good);
  const { code, stdout, stderr } = await runCommand(["check", directory]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain(`${directory}/callbacks.conf:3:1: warning: `);
  expect(stdout).toMatch(/\n\n2 callbacks in 1 directory, no errors, 1 warning\n$/);
});

test("every mistake is shown at once with its line, a caret and a hint", async () => {
  const { directory } = temporarySite(broken);
  const { code, stdout, stderr } = await runCommand(["check", directory]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  expect(stdout).toContain(`${directory}/callbacks.conf:2:1: error: `);
  expect(stdout).toContain('c.pl = complete-jbo-self\n                  ^^^\n  hint: did you mean "job"?');
  expect(stdout).toContain(`${directory}/callbacks.conf:4:8: warning: `);
  expect(stdout).toMatch(/\n2 callbacks in 1 directory, 2 errors, 1 warning\n$/);
});

test("a doubtful name is an error with --strict alone", async () => {
  const { directory } = temporarySite({ "callbacks.conf": "a.py = failled-job-self\n", "a.py": "" });
  expect((await runCommand(["check", directory])).code).toBe(0);
  const strict = await runCommand(["check", directory, "--strict"]);
  expect(strict.code).toBe(1);
  expect(strict.stdout).toContain("1 error, no warnings");
});

test("--json prints a row for each trigger that holds, and each diagnostic", async () => {
  const { directory } = temporarySite(broken);
  const { code, stdout, stderr } = await runCommand(["check", "--json", directory]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  const answer = JSON.parse(stdout);
  expect(Object.keys(answer)).toEqual(["callbacks", "diagnostics"]);
  expect(answer.callbacks).toEqual([
    { file: "a.py", directory, language: "python", trigger: "done-job-self" },
    { file: "d.pl", directory, language: "perl", trigger: "failled-job-self" },
  ]);
  expect(answer.diagnostics).toHaveLength(3);
  for (const diagnostic of answer.diagnostics) {
    expect(Object.keys(diagnostic)).toEqual(["severity", "code", "message", "file", "line", "column", "hint"]);
  }
  expect(answer.diagnostics[1]).toMatchObject({
    severity: "error",
    code: "ERR_UCB_TRIGGER_TYPE",
    file: `${directory}/callbacks.conf`,
    line: 3,
    column: 17,
  });
});

test("a file with several triggers has several rows", async () => {
  const { directory } = temporarySite(good);
  const { callbacks } = JSON.parse((await runCommand(["check", "--json", directory])).stdout);
  expect(callbacks.map(({ file, trigger }: Record<string, string>) => `${file} ${trigger}`)).toEqual([
    "a.py done-job-self",
    "b.qcb complete-job-self && complete-job-parent",
    "b.qcb failed-job-self",
  ]);
});

test("a language without an interpreter is an error where it is needed first", async () => {
  const { directory } = temporarySite({ ...good, "callbacks.conf": "# none\na.py = done-job-self\n" });
  const { code, stdout } = await runCommand(["check", directory], { env: { PATH: "/nonexistent" } });
  expect(code).toBe(1);
  expect(stdout).toContain(`${directory}/callbacks.conf:2: error: a.py: no usable interpreter for python callbacks`);
  expect(stdout).toContain("[ERR_UCB_INTERPRETER]");
});

test.each([
  ["another program", "/bin/true", "is no Python 3: it did not answer as an interpreter does"],
  ["an interpreter of another language", "perl", /is no Python 3: it failed when asked for its version: .+/],
  ["a script for a program that is missing", "#!/nonexistent/python3\n", /cannot be executed: what its first line/],
])("an interpreter that is %s is an error where it is set, in each section", async (_, interpreter, reason) => {
  const site = temporarySite(good);
  let path = interpreter;
  if (interpreter.startsWith("#!")) {
    path = site.path("mine");
    writeFileSync(path, interpreter, { mode: 0o755 });
  } else if (!interpreter.startsWith("/")) path = await resolveInterpreter("perl", null);
  const conf = ["a.py = done-job-self", "c.py = done-job-self", "[a.py]", `interpreter = ${path}`, "timeout = 5s"];
  writeFileSync(join(site.directory, "callbacks.conf"), [...conf, "[c.py]", `interpreter="${path}"`, ""].join("\n"));
  writeFileSync(join(site.directory, "c.py"), "");
  const { code, stdout } = await runCommand(["check", "--json", site.directory]);
  expect(code).toBe(1);
  const { diagnostics } = JSON.parse(stdout);
  expect(diagnostics).toEqual(
    [
      [4, 15],
      [7, 14],
    ].map(([line, column]) => ({
      severity: "error",
      code: "ERR_UCB_INTERPRETER",
      message: expect.stringMatching(reason),
      file: join(site.directory, "callbacks.conf"),
      line,
      column,
      hint: "name a Python 3, 3.6 or newer, or leave interpreter out for the python3 of PATH",
    })),
  );
  expect(diagnostics[0].message).toContain(`a.py: the interpreter ${path} `);
});

test("without DIR the directories are those of qb.conf, relative DIRs are of the working directory", async () => {
  const { directory, path } = temporarySite(good);
  const other = temporarySite({ "callbacks.conf": "a.py = done-job-self\n", "a.py": "" });
  writeFileSync(path("qb.conf"), `supervisor_universal_callback_path = ${directory}, ${other.directory}\n`);
  const named = await runCommand(["check", "--qb-conf", path("qb.conf")]);
  expect(named.stdout).toContain("3 callbacks in 2 directories, no errors");
  const relative = await runCommand(["check", "."], { cwd: other.directory });
  expect(relative.stdout).toContain("1 callback in 1 directory, no errors");
});

test.each([
  ["a directory that does not exist", ["check", "/nonexistent/callback"], "/nonexistent/callback"],
  ["a qb.conf that does not exist", ["check", "--qb-conf", "/nonexistent/qb.conf"], "/nonexistent/qb.conf"],
])("%s is an error", async (_, args, named) => {
  const { code, stdout } = await runCommand(args);
  expect(code).toBe(1);
  expect(stdout).toContain(`${named}: error: `);
});

const escapeCharacter = "\u001b";

test("colors are for terminals whose user has not declined them", async () => {
  const { directory } = temporarySite(broken);
  const check = ["check", directory];
  expect((await runCommand(check)).stdout).not.toContain(escapeCharacter);
  expect((await runCommand([...check, "--color"])).stdout).toContain(`${escapeCharacter}[31m`);
  expect((await runOnTerminal(check, { columns: 80 })).stdout).toContain(`${escapeCharacter}[31m`);
  expect((await runOnTerminal(check, { columns: 80, env: { NO_COLOR: "1" } })).stdout).not.toContain(escapeCharacter);
  expect((await runOnTerminal([...check, "--no-color"], { columns: 80 })).stdout).not.toContain(escapeCharacter);
  expect((await runOnTerminal(check, { columns: 80, env: { TERM: "dumb" } })).stdout).not.toContain(escapeCharacter);
  const insisted = await runOnTerminal([...check, "--color"], { columns: 80, env: { NO_COLOR: "1" } });
  expect(insisted.stdout).toContain(escapeCharacter);
});

test("a directory that is named again counts once", async () => {
  const { directory } = temporarySite(good);
  const { code, stdout } = await runCommand(["check", directory, directory, `${directory}/`]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/\n2 callbacks in 1 directory, no errors, 3 warnings\n$/);
});
