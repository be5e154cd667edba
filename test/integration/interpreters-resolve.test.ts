import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { resolveInterpreter, resolveInterpreters } from "../../lib/execute/interpreters.js";

/** A folder with executables of these names, to stand in PATH. */
function tools(scripts: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "ucb-tools-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

const environment = (PATH: string) => ({ PATH });
const real = { PATH: process.env.PATH };

describe("the interpreters in PATH", () => {
  test("are the real executables", async () => {
    const { python, perl } = await resolveInterpreters({ python: true, perl: true });
    expect(execFileSync(python ?? "", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).trim()).toBe(
      python,
    );
    expect(execFileSync(perl ?? "", ["-e", "print $^X"], { encoding: "utf8" })).toBe(perl);
    expect(
      readFileSync(python ?? "")
        .subarray(0, 4)
        .toString("latin1"),
    ).toBe("\x7fELF");
    expect(
      readFileSync(perl ?? "")
        .subarray(0, 4)
        .toString("latin1"),
    ).toBe("\x7fELF");
  });

  test("are looked for only if they are needed", async () => {
    expect(await resolveInterpreters({ python: false, perl: false }, environment("/nowhere"))).toEqual({
      python: null,
      perl: null,
    });
    const only = tools({ perl: `#!/bin/sh\nexec ${await resolveInterpreter("perl", null, real)} "$@"\n` });
    const { python, perl } = await resolveInterpreters({ python: false, perl: true }, environment(only));
    expect(python).toBeNull();
    expect(perl).toBe(await resolveInterpreter("perl", null, real));
  });

  test("are asked once for each PATH, also when many ask at once", async () => {
    const python = await resolveInterpreter("python", null, real);
    const folder = tools({ python3: `#!/bin/sh\necho asked >> "$0.log"\nexec ${python} "$@"\n` });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => resolveInterpreter("python", null, environment(`${folder}:/usr/bin:/bin`))),
    );
    expect(new Set(answers)).toEqual(new Set([python]));
    expect(readFileSync(join(folder, "python3.log"), "utf8")).toBe("asked\n");
  });

  test("may be configured, and are asked in the same way", async () => {
    const python = await resolveInterpreter("python", null, real);
    const folder = tools({ mine: `#!/bin/sh\nexec ${python} "$@"\n` });
    expect(await resolveInterpreter("python", join(folder, "mine"), real)).toBe(python);
  });
});

describe("an interpreter", () => {
  test.each([
    ["that is missing", {}, "was not found", "ENOENT"],
    [
      "that fails",
      { python3: "#!/bin/sh\necho broken >&2\nexit 5\n" },
      "failed when asked for its version: broken",
      undefined,
    ],
    [
      "that says something else",
      { python3: "#!/bin/sh\necho hello\n" },
      "did not answer as an interpreter does",
      undefined,
    ],
    [
      "that is too old",
      { python3: "#!/bin/sh\necho ucb:/usr/bin/python3\necho ucb:3.5\n" },
      "is version 3.5, and 3.6 is the least",
      undefined,
    ],
    ["of the last century", { python3: "#!/bin/sh\necho ucb:/x\necho ucb:2.7\n" }, "is version 2.7", undefined],
    ["without a place", { python3: "#!/bin/sh\necho ucb:\necho ucb:3.11\n" }, "does not know its own path", undefined],
    ["that dies", { python3: "#!/bin/sh\nkill -9 $$\n" }, "failed when asked for its version", undefined],
    [
      "that floods",
      { python3: "#!/bin/sh\nwhile :; do echo ucb:xxxxxxxxxxxxxxxxxxxxxxxxxxx; done\n" },
      "cannot be run",
      undefined,
    ],
    ["that cannot be run", { python3: "\x7fELF nonsense" }, "", undefined],
  ])("%s is reported with what to do", async (_, scripts, reason, errno) => {
    const folder = tools(scripts as Record<string, string>);
    const problem = resolveInterpreters({ python: true, perl: false }, environment(folder));
    await expect(problem).rejects.toMatchObject({
      code: "ERR_UCB_INTERPRETER",
      message: expect.stringContaining(
        `no usable interpreter for python callbacks: python3 in PATH (${folder}) ${reason}`,
      ),
      hint: expect.stringMatching(
        /^install python3 3\.6 or newer, or set interpreter = \/absolute\/path in the callback's section of callbacks\.conf$/,
      ),
      ...(errno === undefined ? {} : { errno }),
    });
  });

  test("that was missing is found once it is installed", async () => {
    const folder = tools({});
    await expect(resolveInterpreter("perl", null, environment(folder))).rejects.toThrow(
      /install perl 5\.16|was not found/,
    );
    const perl = await resolveInterpreter("perl", null, real);
    writeFileSync(join(folder, "perl"), `#!/bin/sh\nexec ${perl} "$@"\n`, { mode: 0o755 });
    expect(await resolveInterpreter("perl", null, environment(folder))).toBe(perl);
  });

  test("of another language is refused", async () => {
    const perl = await resolveInterpreter("perl", null, real);
    await expect(resolveInterpreter("python", perl, real)).rejects.toMatchObject({ code: "ERR_UCB_INTERPRETER" });
    await expect(resolveInterpreter("perl", "/nowhere/perl", real)).rejects.toThrow(
      "the interpreter /nowhere/perl does not exist",
    );
  });
});
