import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, type TestContext, test, vi } from "vitest";
import type { CallbackEngine, Run } from "../../lib/index.js";
import { heldBeyond, holdings } from "../support/scenarios/holdings.mjs";
import { mountSmallFileSystem, type SmallFileSystem } from "../support/small-file-system.js";
import { openEngine, type TemporarySite, temporarySite } from "../support/temporary-site.js";

const nothing = { descriptors: 0, threads: 0, children: 0 };

const files = {
  "callbacks.conf": `quick.pl = complete-job-self || blocked-job-self
gate.pl = running-job-self
long.pl = failed-job-self
note.qcb = blocked-job-self
[*]
warm = no
`,
  "quick.pl": 'print "here\\n";\n',
  // Says that it has begun, and goes on when the gate is open.
  "gate.pl": `open(my $begun, ">", "begun"); close $begun;
until (-e "gate") { select(undef, undef, undef, 0.01) }
print "x" x 3000, "\\n";
`,
  "long.pl": `$| = 1; print "x" x 1000, "\\n" or die "not written: $!" for 1 .. 1000;
close(STDOUT) or die "not closed: $!";
`,
  "note.qcb": "unblock-self\n",
};

interface Room {
  site: TemporarySite;
  engine: CallbackEngine;
  disk: SmallFileSystem;
  /** Emits an event and resolves to what became of its runs, by callback. */
  outcomes(event: string): Promise<Record<string, Run>>;
}

/** An engine whose logs are on a disk of its own, of 256 kB by default, and which has run a script there already. */
async function openRoom({ skip }: Pick<TestContext, "skip">, options = "size=262144"): Promise<Room> {
  const site = temporarySite(files);
  const disk = await mountSmallFileSystem(site.path("log"), options);
  if (disk.path === null) return skip(disk.reason);
  const { engine, ended } = await openEngine(site, { strict: true });
  const outcomes = async (event: string) => {
    const before = ended.length;
    engine.emit(event);
    await engine.idle();
    return Object.fromEntries(ended.slice(before).map((run) => [run.callback, run]));
  };
  expect((await outcomes("complete-job-1"))["quick.pl"]?.state).toBe("succeeded");
  return { site, engine, disk, outcomes };
}

const contentOf = (run: Run | undefined) => readFileSync(run?.log ?? "", "utf8");

test("a log folder that has become read-only fails scripts, tells why, and nobody else", async (context) => {
  const { site, disk, outcomes } = await openRoom(context);
  const before = holdings();
  await disk.setReadOnly(true);
  for (let round = 0; round < 5; round++) {
    const { "quick.pl": script, "note.qcb": codes } = await outcomes("blocked-job-2");
    expect(script).toMatchObject({ state: "failed", pid: null, code: "ERR_UCB_LOG" });
    expect(script?.reason).toContain(`below ${site.logPath}: `);
    expect(script?.reason).toContain("EROFS");
    // What it did for the supervisor is done; only the note of it is missing.
    expect(codes).toMatchObject({ code: "ERR_UCB_LOG", reason: expect.stringMatching("EROFS") });
  }
  await disk.setReadOnly(false);
  expect((await outcomes("complete-job-2"))["quick.pl"]).toMatchObject({ state: "succeeded", reason: null });
  expect(await heldBeyond(before)).toEqual(nothing);
});

test("a full disk keeps no output, and every run says so", async (context) => {
  const { site, engine, disk, outcomes } = await openRoom(context);
  const before = holdings();
  const running = outcomes("running-job-3");
  await vi.waitUntil(() => existsSync(`${site.directory}/begun`), { timeout: 30_000 });
  disk.fill("bytes");
  engine.emit("blocked-job-4");
  writeFileSync(`${site.directory}/gate`, "");
  const runs = await running;
  for (const callback of ["quick.pl", "gate.pl", "note.qcb"]) {
    expect(runs[callback]).toMatchObject({ code: "ERR_UCB_LOG", reason: expect.stringMatching("ENOSPC") });
  }
  for (const callback of ["quick.pl", "gate.pl"]) expect(runs[callback]?.reason).toContain(runs[callback]?.log);

  disk.empty();
  const { "quick.pl": again } = await outcomes("complete-job-4");
  expect(again).toMatchObject({ state: "succeeded", reason: null });
  expect(contentOf(again)).toContain("\nhere\n");
  expect(await heldBeyond(before)).toEqual(nothing);
});

test("a disk that takes no more files fails scripts before they begin", async (context) => {
  // The root, the folders and log of the first job, its output while it runs, and one to spare.
  const { site, disk, outcomes } = await openRoom(context, "size=262144,nr_inodes=8");
  const before = holdings();
  disk.fill("files");
  for (const event of ["blocked-job-1", "blocked-job-5"]) {
    const { "quick.pl": script } = await outcomes(event);
    expect(script).toMatchObject({ state: "failed", pid: null, code: "ERR_UCB_LOG" });
    expect(script?.reason).toContain(`below ${site.logPath}: `);
    expect(script?.reason).toContain("ENOSPC");
  }
  disk.empty();
  expect((await outcomes("complete-job-1"))["quick.pl"]).toMatchObject({ state: "succeeded", reason: null });
  expect(await heldBeyond(before)).toEqual(nothing);
});

test("a callback that fills the disk fails by itself, and the next one's log is whole", async (context) => {
  const { outcomes, disk } = await openRoom(context);
  const before = holdings();
  const { "long.pl": long } = await outcomes("failed-job-1");
  expect(long).toMatchObject({ state: "failed", exitCode: 28, code: "ERR_UCB_LOG" });
  expect(long?.reason).toMatch(/^exit 28; its output stays in \S+\.out: .*ENOSPC/);
  const kept = dirname(long?.log ?? "");
  // The job's log is as it was: not a part of a block is in it.
  const job = readFileSync(`${kept}/1.cb`, "utf8");
  expect(job.match(/^=== (run|end) /gm)).toHaveLength(2);
  expect(job).not.toContain("xxx");
  expect(readdirSync(kept)).toHaveLength(2);

  writeFileSync(long?.log ?? "", "");
  disk.empty();
  expect((await outcomes("complete-job-1"))["quick.pl"]).toMatchObject({ state: "succeeded", reason: null });
  expect(readFileSync(`${kept}/1.cb`, "utf8").match(/^=== (run|end) /gm)).toHaveLength(4);
  expect(await heldBeyond(before)).toEqual(nothing);
});
