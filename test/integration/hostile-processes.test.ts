import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import type { Run } from "../../lib/index.js";
import { anotherUser } from "../support/another-user.js";
import { ChildSupervisor } from "../support/child-supervisor.js";
import { setLimit } from "../support/set-limit.js";
import { type TemporarySite, temporarySite } from "../support/temporary-site.js";

const nothing = { descriptors: 0, threads: 0, children: 0 };
/** What root's own PATH names need not be there for others. */
const env = { PATH: "/usr/local/bin:/usr/bin:/bin" };

/** A site that another user may read, and whose folder `own` that user may write to. */
function siteFor(uid: number, files: Record<string, string>): TemporarySite {
  const site = temporarySite(files);
  for (const folder of [site.path("."), site.directory]) chmodSync(folder, 0o755);
  mkdirSync(site.path("own"));
  chownSync(site.path("own"), uid, uid);
  return site;
}

const runOf = (callback: string, runs: readonly Run[]) => runs.find((run) => run.callback === callback);

test("without a free process a script fails and says so, what needs none goes on, and later all is well", async ({
  skip,
}) => {
  const user = anotherUser();
  if (user.uid === null) return skip(user.reason);
  const site = siteFor(user.uid, {
    "callbacks.conf": "quick.pl = complete-job-self || blocked-job-self\nfork.pl = running-job-self\n[*]\nwarm = no\n",
    "quick.pl": 'print "here\\n";\n',
    "fork.pl": `open(my $begun, ">", "$ENV{BEGUN}"); close $begun;
until (-e $ENV{GATE}) { select(undef, undef, undef, 0.01) }
my $child = fork;
print defined $child ? "forked\\n" : "no fork: $!\\n";
exit 0 if defined $child;
`,
  });
  const [begun, gate] = [site.path("own/begun"), site.path("own/gate")];
  writeFileSync(
    `${site.directory}/callbacks.conf`,
    `${readFileSync(`${site.directory}/callbacks.conf`, "utf8")}[fork.pl]\nenv.BEGUN = ${begun}\nenv.GATE = ${gate}\n`,
  );
  const supervisor = new ChildSupervisor({ uid: user.uid, env });
  await supervisor.open({ directories: [site.directory], logPath: site.path("own/log") });
  expect(await supervisor.emit("complete-job-1")).toMatchObject([{ state: "succeeded" }]);
  const before = await supervisor.holdings();
  const alreadyRunning = supervisor.emit("running-job-2");
  await vi.waitUntil(() => existsSync(begun), { timeout: 30_000 });

  // The supervisor's threads alone are more: its user is allowed no other.
  setLimit(supervisor.pid, "nproc", 1);
  for (let round = 0; round < 5; round++) {
    const runs = await supervisor.emit("blocked-job-3");
    expect(runOf("onlooker", runs)?.state).toBe("succeeded");
    expect(runOf("quick.pl", runs)).toMatchObject({ state: "failed", pid: null, code: "ERR_UCB_LAUNCH" });
    expect(runOf("quick.pl", runs)?.reason).toMatch(/could not start \/\S*perl: .*EAGAIN/);
  }
  writeFileSync(gate, "");
  expect(await alreadyRunning).toMatchObject([{ state: "succeeded", reason: null }]);

  setLimit(supervisor.pid, "nproc", "most");
  const again = await supervisor.emit("blocked-job-3");
  expect(again.map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
  expect(await supervisor.heldBeyond(before)).toEqual(nothing);
});

test("without a free thread an engine does not open, and says so", async ({ skip }) => {
  const user = anotherUser();
  if (user.uid === null) return skip(user.reason);
  const site = siteFor(user.uid, {});
  const supervisor = new ChildSupervisor({ uid: user.uid, env: { ...env, TMPDIR: site.path("own") } });
  const options = { directories: [], logPath: site.path("own/log") };
  await supervisor.open(options);
  await supervisor.close();
  const before = await supervisor.holdings();
  setLimit(supervisor.pid, "nproc", 1);
  await expect(supervisor.open(options)).rejects.toMatchObject({
    code: "ERR_UCB_LAUNCH",
    message: expect.stringMatching(/threads could not be started: pthread_create: EAGAIN/),
  });
  setLimit(supervisor.pid, "nproc", "most");
  expect((await supervisor.heldBeyond({ ...before, descriptors: before.descriptors + 100 })).threads).toBe(0);
  await supervisor.open(options);
  expect(await supervisor.emit("blocked-job-1")).toMatchObject([{ state: "succeeded" }]);
  await supervisor.close();
  await supervisor.end();
  expect(readdirSync(site.path("own"))).toEqual([]);
});
