import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runCommand } from "../support/run-command.js";
import { temporarySite } from "../support/temporary-site.js";

const files = {
  "callbacks.conf": `frame.py = done-work-self-*
both.qcb = complete-job-self && complete-job-parent
off.py = complete-work-self-17
[off.py]
enabled = no
`,
  "frame.py": "",
  "both.qcb": "unblock-self\n",
  "off.py": "",
};

test("each callback fires or not, and each event pattern says why", async () => {
  const { directory } = temporarySite(files);
  const { code, stdout, stderr } = await runCommand(["explain", "complete-work-1001-17", directory]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe(`✓ frame.py fires for job 1001: done-work-self-*
    ✓ done-work-self-*: done follows from complete, it happens to job 1001
✗ both.qcb does not fire: complete-job-self && complete-job-parent
    ✗ complete-job-self: type is job, the event's is work
    ✗ complete-job-parent: type is job, the event's is work
✗ off.py is switched off and would fire for job 1001: complete-work-self-17
    ✓ complete-work-self-17: it happens to job 1001

complete-work-1001-17 fires 1 of 3 callbacks
`);
});

test("without UTF-8 the marks are ASCII", async () => {
  const { directory } = temporarySite(files);
  const { stdout } = await runCommand(["explain", "complete-work-1001-17", directory], { env: { LC_ALL: "C" } });
  expect(stdout).toContain("[x] frame.py fires for job 1001");
  expect(stdout).toContain("[ ] both.qcb does not fire");
  expect(stdout).toMatch(/^[\n -~]*$/);
});

test("an event that fires nothing exits 1", async () => {
  const { directory } = temporarySite(files);
  const { code, stdout } = await runCommand(["explain", "running-host-1001-alpha", directory]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/\nrunning-host-1001-alpha fires none of 3 callbacks\n$/);
});

test("a callback that is switched off alone does not count as fired", async () => {
  const { directory } = temporarySite({
    ...files,
    "callbacks.conf": "off.py = submit-job-self\n[off.py]\nenabled = no\n",
  });
  const { code, stdout } = await runCommand(["explain", "submit-job-5", directory, "--json"]);
  expect(code).toBe(1);
  expect(JSON.parse(stdout).callbacks).toEqual([
    {
      file: "off.py",
      trigger: "submit-job-self",
      fires: false,
      terms: [{ text: "submit-job-self", satisfied: true, reason: "it happens to job 5" }],
      enabled: false,
    },
  ]);
});

test("--json has a row for each trigger with each of its event patterns", async () => {
  const { directory } = temporarySite(files);
  const { code, stdout } = await runCommand(["explain", "complete-job-1001", directory, "--json"]);
  expect(code).toBe(1);
  const answer = JSON.parse(stdout);
  expect(Object.keys(answer)).toEqual(["event", "callbacks"]);
  expect(answer.event).toBe("complete-job-1001");
  expect(answer.callbacks[1]).toEqual({
    file: "both.qcb",
    trigger: "complete-job-self && complete-job-parent",
    fires: false,
    terms: [
      { text: "complete-job-self", satisfied: true, reason: "it happens to job 1001" },
      {
        text: "complete-job-parent",
        satisfied: false,
        reason: expect.stringContaining("job 1001 is not the parent of any attached job"),
      },
    ],
  });
});

const family = [
  { id: 1001, label: "sim", pgrp: 1001 },
  { id: 1002, label: "render", pgrp: 1001, pid: 1001 },
];

test("the jobs of --job are attached, so that parents and labels are found", async () => {
  const { directory, path } = temporarySite({
    "callbacks.conf": "a.py = complete-job-sim\nb.py = complete-job-parent\nc.py = complete-job-comp\n",
    "a.py": "",
    "b.py": "",
    "c.py": "",
  });
  writeFileSync(path("jobs.json"), JSON.stringify(family));
  const { code, stdout, stderr } = await runCommand([
    "explain",
    "complete-job-1001",
    directory,
    "--job",
    path("jobs.json"),
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("✓ a.py fires for job 1002");
  expect(stdout).toContain('job 1001 is "sim" in the process group of job 1002');
  expect(stdout).toContain("✓ b.py fires for job 1002");
  expect(stdout).toContain('✗ complete-job-comp: label is "comp", that of job 1001 is "sim"');

  const input = JSON.stringify(family[1]);
  const one = await runCommand(["explain", "submit-job-1001", directory, "--job", "-"], { input });
  expect(one.code).toBe(1);
  expect(one.stderr).toBe("");
});

test("without --job it says what parents and labels would need", async () => {
  const { directory } = temporarySite({ "callbacks.conf": "a.py = complete-job-sim\n", "a.py": "" });
  const { code, stderr } = await runCommand(["explain", "complete-job-1001", directory]);
  expect(code).toBe(1);
  expect(stderr).toContain("need the records of jobs to be explained: --job FILE");
  const other = await runCommand(["explain", "complete-work-1001-1", directory]);
  expect(other.stderr).toBe("");
});

test("what errors leave out is said, with the reason", async () => {
  const { directory } = temporarySite({
    "callbacks.conf": "a.py = done-job-self\ngone.py = done-job-self\n",
    "a.py": "",
  });
  const { code, stdout } = await runCommand(["explain", "complete-job-1001", directory]);
  expect(code).toBe(0);
  expect(stdout).toContain("left out because of errors (see `ucb check`):\n");
  expect(stdout).toContain(`  ${directory}/callbacks.conf:2:1: there is no file "gone.py"`);
  const json = await runCommand(["explain", "complete-job-1001", directory, "--json"]);
  expect(json.stderr).toContain("1 error in the configuration");
  expect(JSON.parse(json.stdout).callbacks).toHaveLength(1);
  expect((await runCommand(["explain", "complete-job-1001", directory, "--strict"])).code).toBe(1);
});

test.each([
  ["is missing", "", "cannot be read"],
  ["is no JSON", "{id: 1}", "is not JSON"],
  ["has no id", '[{"id":1},{"name":"a"}]', "job 2 of 2: id is missing"],
  ["has an id of the wrong kind", '{"id":"1001"}', 'the job: id must be a number, not "1001"'],
  ["has a label of the wrong kind", '{"id":1,"label":7}', "the job: label must be a string, not 7"],
  ["is a number", "5", "the job: the record must be an object, not 5"],
])("a job file that %s is refused", async (_, text, message) => {
  const { directory, path } = temporarySite(files);
  if (text !== "") writeFileSync(path("job.json"), text);
  const { code, stdout, stderr } = await runCommand([
    "explain",
    "complete-job-1",
    directory,
    "--job",
    path("job.json"),
  ]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(`ucb: ${path("job.json")}`);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain("    at ");
});

test.each([["explain"], ["fire"]])(
  "%s doubts the name of an event that looks misspelt, and goes on",
  async (command) => {
    const site = temporarySite({ "callbacks.conf": "a.qcb = approved-job-self\n", "a.qcb": "unblock-self\n" });
    const run = (event: string) => runCommand([command, event, site.directory, ...log(site)]);
    const log = ({ logPath }: { logPath: string }) => (command === "fire" ? ["--logpath", logPath] : []);
    expect((await run("faild-job-5")).stderr).toContain(
      'ucb: "faild" is no known event name: did you mean "failed"?\n',
    );
    expect((await run("aproved-job-5")).stderr).toContain('did you mean "approved"?\n');
    for (const event of ["approved-job-5", "published-job-5", "globaltime-5"]) {
      expect((await run(event)).stderr).not.toContain("did you mean");
    }
  },
);

test("what no event can be is answered with what was meant", async () => {
  const { code, stderr } = await runCommand(["explain", "complete-jbo-5"]);
  expect(code).toBe(2);
  expect(stderr).toContain('"jbo" is no event type');
  expect(stderr).toContain('hint: did you mean "job"?\n');
});
