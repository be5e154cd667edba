import stringWidth from "string-width";
import { expect, test } from "vitest";
import { runCommand, runOnTerminal } from "../support/run-command.js";
import { temporarySite } from "../support/temporary-site.js";

const long = "running-job-self || (complete-work-ribgen-5 && complete-work-render-5) || complete-work-composite-5";
const files = {
  "callbacks.conf": `a.py = done-job-self
a.py = modified-job-self
b.qcb = ${long}
[a.py]
timeout = 90s
enabled = no
env.PROJECT_ROOT = /prod
env.TOKEN = the-secret
`,
  "a.py": "print(1)\n",
  "b.qcb": "unblock-self\n",
};

test("callbacks are listed with triggers, languages and options, and no secret", async () => {
  const { directory } = temporarySite(files);
  const { code, stdout, stderr } = await runCommand(["list", directory]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout.trimEnd().split("\n");
  expect(lines[0]).toBe(directory);
  expect(lines[1]).toMatch(/^callback +trigger +language +options$/);
  expect(lines[2]).toMatch(/^a\.py +done-job-self +python +disabled$/);
  expect(lines[3]).toMatch(/^ +modified-job-self +timeout 90s$/);
  expect(lines[4]).toMatch(/^ +env PROJECT_ROOT TOKEN$/);
  expect(lines[5]).toMatch(/^b\.qcb +running-job-self .*composite-5 +qube$/);
  expect(lines).toHaveLength(6);
  expect(stdout).not.toContain("the-secret");
});

test("--json lists a callback once, with all its triggers", async () => {
  const { directory } = temporarySite(files);
  const { code, stdout } = await runCommand(["list", "--json", directory]);
  expect(code).toBe(0);
  expect(stdout).not.toContain("the-secret");
  expect(JSON.parse(stdout)).toEqual({
    callbacks: [
      {
        file: "a.py",
        directory,
        language: "python",
        triggers: ["done-job-self", "modified-job-self"],
        timeoutMs: 90_000,
        enabled: false,
        env: ["PROJECT_ROOT", "TOKEN"],
        interpreter: null,
        ...{ maxRunning: null, serial: null, throttle: null, queue: 10_000, overflow: "drop-newest", onLost: "rerun" },
        ...{ retry: { times: 3, delayMs: 10_000 }, breaker: { failures: 20, pauseMs: 30_000 }, nice: 0 },
        limits: { memory: null, files: null, output: null },
        ...{ warm: "auto", preload: [] },
      },
      expect.objectContaining({ file: "b.qcb", language: "qube", triggers: [long], enabled: true }),
    ],
  });
});

test("limits are listed where they are not the usual ones", async () => {
  const limits = [
    ...["max_running = 4", "serial = job", "throttle = 5/90s per job", "queue = 100", "overflow = coalesce"],
    ...["retry = no", "breaker = 3, 1m", "on_lost = report", "nice = 5", "limit.memory = 1m", "limit.files = 64"],
  ];
  const conf = `a.py = done-job-self\nb.qcb = done-job-self\n[*]\n${limits.join("\n")}\n[b.qcb]\nretry = 3\nqueue = 10000\n`;
  const { directory } = temporarySite({ ...files, "callbacks.conf": conf });
  const { stdout } = await runCommand(["list", directory]);
  const [, , ...rows] = stdout.trimEnd().split("\n");
  const shown = rows.map((row) => row.split(/ {2,}/).at(-1));
  const shared = ["max_running 4", "serial job", "throttle 5/90s per job"];
  const rest = ["breaker 3, 1m", "on_lost report"];
  expect(shown).toEqual([
    ...["timeout 10m", ...shared, "queue 100", "overflow coalesce", "retry no", ...rest],
    ...["nice 5", "limit.memory 1048576", "limit.files 64"],
    ...[...shared, "overflow coalesce", ...rest],
  ]);
});

test("long triggers are wrapped between words to the terminal's width", async () => {
  const { directory } = temporarySite(files);
  const { code, stdout } = await runOnTerminal(["list", "--no-color", directory], { columns: 72 });
  expect(code).toBe(0);
  const [, ...table] = stdout.replaceAll("\r", "").trimEnd().split("\n");
  expect(Math.max(...table.map((line) => stringWidth(line)))).toBeLessThanOrEqual(72);
  const column = table[0]?.indexOf("trigger") ?? -1;
  const end = table[0]?.indexOf("language") ?? -1;
  const wrapped = table.slice(4).map((line) => line.slice(column, end).trim());
  expect(wrapped.length).toBeGreaterThan(1);
  expect(wrapped.join(" ")).toBe(long);
});

test("what errors leave out is pointed at", async () => {
  const { directory } = temporarySite({
    ...files,
    "callbacks.conf": "a.py = done-job-self\ngone.py = done-job-self\n",
  });
  const { code, stdout, stderr } = await runCommand(["list", directory]);
  expect(code).toBe(0);
  expect(stdout).not.toContain("gone.py");
  expect(stderr).toBe("ucb: 1 error in the configuration: `ucb check` shows what is left out and why\n");
  const strict = await runCommand(["list", "--strict", directory]);
  expect(strict).toMatchObject({ code: 1, stdout: "" });
  expect(strict.stderr).toContain("gone.py");
  expect(strict.stderr).toContain("ucb: 1 error in the configuration, and --strict was given\n");
});

test("several directories have a table each, an empty one says so", async () => {
  const one = temporarySite(files);
  const two = temporarySite({ "callbacks.conf": "# nothing yet\n" });
  const { code, stdout } = await runCommand(["list", one.directory, two.directory]);
  expect(code).toBe(0);
  expect(stdout).toContain(`\n\n${two.directory}\nno callbacks\n`);
});

test("nothing that can be read exits 1", async () => {
  const { code, stdout, stderr } = await runCommand(["list", "/nonexistent/callback"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain("/nonexistent/callback: error: ");
});
