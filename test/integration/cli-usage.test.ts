import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runCommand, startCommand } from "../support/run-command.js";

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const siteCommands = ["check", "list", "explain", "fire", "run", "replay"];
const clientCommands = ["emit", "status", "runs", "pending", "log", "reload"];
const otherCommands = ["init", "completion"];
const commands = [...siteCommands, ...clientCommands, ...otherCommands];

test("the version is the package's", async () => {
  expect(await runCommand(["--version"])).toEqual({ code: 0, signal: null, stdout: `${version}\n`, stderr: "" });
});

test("the help names every command, what DIR means and the exit codes", async () => {
  const { code, stdout, stderr } = await runCommand(["--help"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
  expect(stdout).toContain("supervisor_universal_callback_path");
  expect(stdout).toMatch(/Exit codes: 0 .*1 .*2 /);
});

test.each(commands)("%s --help has examples and exit codes, and help says the same", async (command) => {
  const { code, stdout } = await runCommand([command, "--help"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`^Usage: ucb ${command} `));
  expect(stdout).toMatch(/Exit codes: 0 .*\s1 .*\s2 /s);
  expect(stdout).toMatch(new RegExp(`Examples:\n.*ucb ${command}`));
  if (siteCommands.includes(command)) expect(stdout).toContain("--qb-conf <FILE>");
  if (clientCommands.includes(command)) expect(stdout).toContain("--socket <PATH>");
  expect(await runCommand(["help", command])).toEqual({ code: 0, signal: null, stdout, stderr: "" });
});

test("help alone says what --help says", async () => {
  expect(await runCommand(["help"])).toEqual(await runCommand(["--help"]));
});

test.each([
  [["chekc"], "unknown command 'chekc'\n(Did you mean check?)", "see `ucb --help`"],
  [["check", "--jsno"], "unknown option '--jsno'\n(Did you mean --json?)", "see `ucb check --help`"],
  [["help", "nope"], "unknown command 'nope'", "see `ucb --help`"],
  [["help", "lits"], "unknown command 'lits'\n(Did you mean list?)", "see `ucb --help`"],
  [["explain", "--run", "x", "d"], "--run is about one run: neither EVENT nor", "see `ucb explain --help`"],
  [["explain"], "either an EVENT or --run RUN is needed", "see `ucb explain --help`"],
  [["fire", "--job"], "option '--job <FILE>' argument missing", "see `ucb fire --help`"],
  [["explain", "complete"], 'event "complete": the type and the job id are missing', "see `ucb explain --help`"],
  [["fire", "complete-jbo-1"], '"jbo" is no event type', "see `ucb fire --help`"],
  [["emit"], "missing required argument 'EVENT'", "see `ucb emit --help`"],
  [["emit", "complete"], 'event "complete": the type and the job id are missing', "see `ucb emit --help`"],
  [["runs", "--limit", "many"], "It is no whole number.", "see `ucb runs --help`"],
  [["pending", "--job", "x"], "It is no whole number.", "see `ucb pending --help`"],
  [["run", "--http", "8080"], "It is no HOST:PORT.", "see `ucb run --help`"],
  [["replay"], "missing required argument 'FILE_OR_DIR'", "see `ucb replay --help`"],
  [["replay", "/"], "a FILE of events is needed", "see `ucb replay --help`"],
  [["replay", "-", "--to", "soon"], "It is no time such as 2026-01-31T12:00:00Z.", "see `ucb replay --help`"],
  [["init"], "missing required argument 'DIR'", "see `ucb init --help`"],
  [["check", ""], "value '' is invalid for argument 'DIR'. It is an empty path.", "see `ucb check --help`"],
  [["list", "callback", ""], "It is an empty path.", "see `ucb list --help`"],
  [["check", "--qb-conf", ""], "'--qb-conf <FILE>' argument '' is invalid", "see `ucb check --help`"],
  [["fire", "complete-job-1", "--job", ""], "'--job <FILE>' argument '' is invalid", "see `ucb fire --help`"],
  [["run", "--logpath", ""], "'--logpath <DIR>' argument '' is invalid", "see `ucb run --help`"],
  [["run", "--events", "-", "--events", ""], "'--events <FILE>' argument '' is invalid", "see `ucb run --help`"],
])("%j is wrong usage", async (args, message, hint) => {
  const { code, stdout, stderr } = await runCommand(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^ucb: /);
  expect(stderr).toContain(message);
  expect(stderr).toContain(hint);
});

test("no command at all is wrong usage and shows the help", async () => {
  const { code, stdout, stderr } = await runCommand([]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain("Usage: ucb COMMAND");
});

test.each([[["--help"]], [["--version"]], [["check", "--help"]], [["help"]], [["help", "run"]]])(
  "%j says nothing more where nobody reads it",
  async (args) => {
    const command = startCommand(args);
    command.child.stdout.destroy();
    const { code, stderr } = await command.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  },
);

test("wrong usage keeps its exit code where nobody reads why", async () => {
  const command = startCommand(["chekc"]);
  command.child.stderr.destroy();
  expect((await command.ended).code).toBe(2);
});

test("help that cannot be written is a failure", () => {
  const full = openSync("/dev/full", "w");
  try {
    const { status, stderr } = spawnSync(process.execPath, ["dist/cli/main.js", "--help"], {
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    expect(status).toBe(1);
    expect(stderr).toContain("ucb: the answer cannot be written: ENOSPC");
  } finally {
    closeSync(full);
  }
});
