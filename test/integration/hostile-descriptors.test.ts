import { existsSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { expect, it, test, vi } from "vitest";
import type { Run, UcbError } from "../../lib/index.js";
import { ChildSupervisor } from "../support/child-supervisor.js";
import { refusingSystemCall } from "../support/refuse-system-call.js";
import { setLimit } from "../support/set-limit.js";
import { type TemporarySite, temporarySite } from "../support/temporary-site.js";

const nothing = { descriptors: 0, threads: 0, children: 0 };

/** Lets a process open so many more descriptors and no more, wherever its numbers have gaps. */
function allowDescriptors(pid: number, more: number): void {
  const taken = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let limit = 0;
  for (let free = 0; free < more || taken.has(limit); limit++) if (!taken.has(limit)) free++;
  setLimit(pid, "nofile", limit);
}

function allowManyDescriptors(pid: number): void {
  setLimit(pid, "nofile", "most");
}

function quickSite(): TemporarySite {
  return temporarySite({
    "callbacks.conf": "quick.pl = complete-job-self || blocked-job-self\n[*]\nwarm = no\n",
    "quick.pl": 'print "here\\n";\n',
  });
}

async function open(site: TemporarySite, supervisor = new ChildSupervisor()): Promise<ChildSupervisor> {
  await supervisor.open({ directories: [site.directory], logPath: site.logPath });
  return supervisor;
}

const runOf = (callback: string, runs: readonly Run[]) => runs.find((run) => run.callback === callback);

test("with any number of free descriptors a script runs or fails for want of one, and nothing else does", async () => {
  const supervisor = await open(quickSite());
  expect(await supervisor.emit("complete-job-1")).toMatchObject([{ state: "succeeded" }]);
  const before = await supervisor.holdings();
  const states: (string | undefined)[] = [];
  for (let more = 0; more < 10; more++) {
    allowDescriptors(supervisor.pid, more);
    const runs = await supervisor.emit(`blocked-job-${more + 1}`);
    expect(runOf("onlooker", runs)?.state).toBe("succeeded");
    const run = runOf("quick.pl", runs);
    states.push(run?.state);
    if (run?.state === "succeeded") expect(readFileSync(run.log ?? "", "utf8")).toContain("\nhere\n");
    else
      expect(run).toMatchObject({
        code: expect.stringMatching(/_(LAUNCH|LOG)$/),
        reason: expect.stringMatching("EMFILE"),
      });
  }
  expect([states.at(0), states.at(-1)]).toEqual(["failed", "succeeded"]);
  allowManyDescriptors(supervisor.pid);
  expect(await supervisor.emit("complete-job-1")).toMatchObject([{ state: "succeeded" }]);
  expect(await supervisor.heldBeyond(before)).toEqual(nothing);
});

test("without any free descriptor the log folder is not blamed", async () => {
  const supervisor = await open(quickSite());
  await supervisor.emit("complete-job-1");
  allowDescriptors(supervisor.pid, 0);
  const [run] = await supervisor.emit("complete-job-1");
  expect(run).toMatchObject({ state: "failed", code: "ERR_UCB_LAUNCH" });
  expect(run?.reason).not.toContain("output");
});

test("a callback that ends or asks while no descriptor is free loses its answer and keeps its output", async () => {
  const site = temporarySite({
    "callbacks.conf": "gate.pl = complete-job-self\n[*]\nwarm = no\n",
    "gate.pl": `open(my $begun, ">", "begun$ENV{QBJOBID}"); close $begun;
until (-e "gate") { select(undef, undef, undef, 0.01) }
my @jobs = eval { qb::jobinfo("-id", 77) };
print $@ ? "refused: $@" : "answered\\n";
`,
  });
  const supervisor = await open(site);
  const gate = `${site.directory}/gate`;
  writeFileSync(gate, "");
  expect(await supervisor.emit("complete-job-1")).toMatchObject([{ state: "succeeded" }]);
  unlinkSync(gate);
  const before = await supervisor.holdings();

  const running = supervisor.emit("complete-job-2");
  await vi.waitUntil(() => existsSync(`${site.directory}/begun2`), { timeout: 30_000 });
  allowDescriptors(supervisor.pid, 0);
  writeFileSync(gate, "");
  const [run] = await running;
  expect(run).toMatchObject({ state: "succeeded", code: "ERR_UCB_LOG", reason: expect.stringMatching("EMFILE") });
  expect(run?.reason).toContain(run?.log);
  expect(readFileSync(run?.log ?? "", "utf8")).toMatch(/^refused: /);

  allowManyDescriptors(supervisor.pid);
  const [again] = await supervisor.emit("complete-job-3");
  expect(again).toMatchObject({ state: "succeeded", reason: null });
  expect(readFileSync(again?.log ?? "", "utf8")).toContain("\nanswered\n");
  expect(await supervisor.heldBeyond(before)).toEqual(nothing);
});

// A whole machine without descriptors is nothing that a test may bring about, and root is exempt from that limit: here
// one process is answered as it would be then.
test("a machine without a free descriptor is told from a process without one", async ({ skip }) => {
  const refusing = refusingSystemCall("memfd_create", "ENFILE");
  if (refusing.through === null) return skip(refusing.reason);
  const supervisor = await open(quickSite(), new ChildSupervisor({ through: refusing.through }));
  const before = await supervisor.holdings();
  for (let round = 0; round < 5; round++) {
    const runs = await supervisor.emit("blocked-job-1");
    expect(runOf("quick.pl", runs)).toMatchObject({ state: "failed", reason: expect.stringMatching("ENFILE") });
    expect(runOf("onlooker", runs)?.state).toBe("succeeded");
  }
  expect(await supervisor.heldBeyond(before)).toEqual(nothing);
});

/** Opens an engine with 0, 1, 2, … free descriptors until it succeeds. */
async function openWithFew(supervisor: ChildSupervisor, site: TemporarySite): Promise<UcbError[]> {
  const errors: UcbError[] = [];
  for (let more = 0; ; more++) {
    allowDescriptors(supervisor.pid, more);
    try {
      await supervisor.open({ directories: [], logPath: site.logPath });
      return errors;
    } catch (error) {
      errors.push(error as UcbError);
    }
  }
}

const folders = (site: TemporarySite) => readdirSync(site.path(".")).filter((name) => name.startsWith("ucb-bridge-"));

test("an engine that finds no descriptors says so, and opens once there are some", async () => {
  const site = quickSite();
  const supervisor = new ChildSupervisor({ env: { TMPDIR: site.path(".") } });
  await supervisor.open({ directories: [], logPath: site.logPath });
  await supervisor.close();
  const errors = await openWithFew(supervisor, site);
  await supervisor.close();
  expect(errors.length).toBeGreaterThan(0);
  for (const { code, message } of errors) {
    expect(code).toMatch(/^ERR_UCB_(BRIDGE|LAUNCH)$/);
    expect(message).toMatch("EMFILE");
  }
  allowManyDescriptors(supervisor.pid);
  await open(site, supervisor);
  expect(await supervisor.emit("complete-job-1")).toMatchObject([{ state: "succeeded" }]);
  await supervisor.close();
  expect((await supervisor.end()).code).toBe(0);
  expect(folders(site)).toEqual([]);
});

test("an engine that could not be opened leaves no socket behind", async () => {
  const site = quickSite();
  const supervisor = new ChildSupervisor({ env: { TMPDIR: site.path(".") } });
  await supervisor.open({ directories: [], logPath: site.logPath });
  await supervisor.close();
  await openWithFew(supervisor, site);
  await supervisor.close();
  expect(folders(site)).toEqual([]);
});

it("an engine that could not be opened says in errno what was missing", async () => {
  const site = quickSite();
  const supervisor = new ChildSupervisor();
  await supervisor.open({ directories: [], logPath: site.logPath });
  await supervisor.close();
  const errors = await openWithFew(supervisor, site);
  expect(errors.map(({ errno }) => errno)).toEqual(errors.map(() => "EMFILE"));
});
