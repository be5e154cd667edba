import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, type TestContext, test, vi } from "vitest";
import type { Run } from "../../lib/index.js";
import { anotherUser } from "../support/another-user.js";
import { ChildSupervisor } from "../support/child-supervisor.js";
import { heldBeyond, holdings } from "../support/scenarios/holdings.mjs";
import { openEngine, type TemporarySite, temporarySite } from "../support/temporary-site.js";

const nothing = { descriptors: 0, threads: 0, children: 0 };

const languages = [
  { language: "Python", script: "a.py", hello: 'print("hello")\n', other: 'print("other")\n', broken: 'print("hel' },
  {
    language: "Perl",
    script: "a.pl",
    hello: 'print "hello\\n";\n',
    other: 'print "other\\n";\n',
    broken: 'print "hel',
  },
] as const;

/** A site with the script in question and one that nothing happens to, both fired by the end of a job. */
function siteWith(script: string, text: string): TemporarySite {
  return temporarySite({
    "callbacks.conf": `${script} = complete-job-self\nonlooker.pl = complete-job-self\n[*]\nwarm = no\n`,
    [script]: text,
    "onlooker.pl": 'print "onlooker\\n";\n',
  });
}

const outputOf = (run: Run | undefined) => readFileSync(run?.log ?? "", "utf8");

describe.each(languages)("a $language script that after loading", ({ script, hello, other, broken }) => {
  /** An engine whose script has run before. */
  async function openRoom() {
    const site = siteWith(script, hello);
    const { engine, ended } = await openEngine(site, { strict: true });
    /** Ends a job of its own, and resolves to what became of the script; the other one must go on as always. */
    const outcome = async (jobId: number): Promise<Run> => {
      const before = ended.length;
      engine.emit(`complete-job-${jobId}`);
      await engine.idle();
      const runs = Object.fromEntries(ended.slice(before).map((run) => [run.callback, run]));
      expect(runs["onlooker.pl"]).toMatchObject({ state: "succeeded", reason: null });
      return runs[script] as Run;
    };
    expect(outputOf(await outcome(1))).toContain("\nhello\n");
    const before = holdings();
    const settle = async () => expect(await heldBeyond(before)).toEqual(nothing);
    return { engine, path: `${site.directory}/${script}`, outcome, settle };
  }

  test("is deleted fails its run and says which file is missing", async () => {
    const { path, outcome } = await openRoom();
    rmSync(path);
    const run = await outcome(2);
    expect(run).toMatchObject({ state: "failed", code: "ERR_UCB_LAUNCH", reason: expect.stringContaining(path) });
  });

  test("is deleted and comes back runs again", async () => {
    const { path, outcome, settle } = await openRoom();
    rmSync(path);
    expect((await outcome(2)).state).toBe("failed");
    writeFileSync(path, other, { mode: 0o644 });
    const run = await outcome(3);
    expect(run).toMatchObject({ state: "succeeded", reason: null });
    expect(outputOf(run)).toContain("\nother\n");
    await settle();
  });

  test("is replaced runs as it is now, whole", async () => {
    const { path, outcome, settle } = await openRoom();
    writeFileSync(`${path}.new`, other, { mode: 0o644 });
    renameSync(`${path}.new`, path);
    const run = await outcome(2);
    expect(run).toMatchObject({ state: "succeeded", reason: null });
    expect(outputOf(run)).toContain("\nother\n");
    expect(outputOf(run)).not.toContain("hello");
    await settle();
  });

  test("is replaced again and again while it runs is always one or the other", async () => {
    const { engine, path, settle } = await openRoom();
    const runs: Run[] = [];
    engine.on("run", (run) => {
      if (run.endedAt !== null && run.callback === script) runs.push(run);
    });
    for (let round = 0; round < 20; round++) {
      engine.emit(`complete-job-${round + 100}`);
      writeFileSync(`${path}.new`, round % 2 === 0 ? other : hello, { mode: 0o644 });
      renameSync(`${path}.new`, path);
      // So that some run before and some after.
      if (round % 5 === 0) await vi.waitUntil(() => runs.length >= round, { timeout: 30_000 });
    }
    await engine.idle();
    expect(runs.map(({ state, reason }) => ({ state, reason }))).toEqual(
      Array(20).fill({ state: "succeeded", reason: null }),
    );
    for (const run of runs) expect(outputOf(run)).toMatch(new RegExp(`=== run ${run.id} .*\n(hello|other)\n=== end `));
    await settle();
  });

  test("is cut short in the middle fails, with what the interpreter says in its log", async () => {
    const { path, outcome, settle } = await openRoom();
    truncateSync(path, broken.length);
    expect(readFileSync(path, "utf8")).toBe(broken);
    const run = await outcome(2);
    expect(run).toMatchObject({ state: "failed", signal: null, reason: `exit ${run.exitCode}` });
    expect(run.exitCode).toBeGreaterThan(0);
    expect(outputOf(run)).toContain(path);
    expect(outputOf(run)).toMatch(/SyntaxError|terminator/);
    await settle();
  });

  test("is empty succeeds, as an empty script does", async () => {
    const { path, outcome, settle } = await openRoom();
    truncateSync(path, 0);
    expect(await outcome(2)).toMatchObject({ state: "succeeded", exitCode: 0 });
    await settle();
  });

  test("has become a folder fails its run and says which", async () => {
    const { path, outcome } = await openRoom();
    rmSync(path);
    mkdirSync(path, { mode: 0o755 });
    const run = await outcome(2);
    expect(run).toMatchObject({ state: "failed", code: "ERR_UCB_LAUNCH", reason: expect.stringContaining(path) });
  });

  describe("cannot be read any more", () => {
    /** Root reads everything, so where root runs this somebody else must. */
    async function openUnreadable({ skip }: Pick<TestContext, "skip">) {
      const user = process.geteuid?.() === 0 ? anotherUser() : { uid: undefined };
      if (user.uid === null) return skip(user.reason);
      const { uid } = user;
      const site = siteWith(script, hello);
      if (uid !== undefined) for (const folder of [site.path("."), site.directory]) chownSync(folder, uid, uid);
      // What root's own PATH names need not be there for others.
      const env = { PATH: "/usr/local/bin:/usr/bin:/bin" };
      const supervisor = new ChildSupervisor(uid === undefined ? {} : { uid, env });
      const options = { directories: [site.directory], logPath: site.path("log"), strict: false };
      const diagnostics = await supervisor.open(options);
      if (diagnostics.length > 0) return skip(diagnostics[0]?.message);
      const path = `${site.directory}/${script}`;
      expect((await supervisor.emit("complete-job-1")).map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
      chmodSync(path, 0o000);
      const outcome = async () => {
        const runs = await supervisor.emit("complete-job-2");
        expect(runs.find(({ callback }) => callback === "onlooker.pl")?.state).toBe("succeeded");
        return runs.find(({ callback }) => callback === script);
      };
      return { supervisor, path, outcome };
    }

    test("fails its run, and nobody else's, until it can", async (context) => {
      const { supervisor, path, outcome } = await openUnreadable(context);
      const before = await supervisor.holdings();
      expect(await outcome()).toMatchObject({ state: "failed" });
      chmodSync(path, 0o644);
      expect(await outcome()).toMatchObject({ state: "succeeded", reason: null });
      expect(await supervisor.heldBeyond(before)).toEqual(nothing);
    });

    test("says which file it is and why", async (context) => {
      const { path, outcome } = await openUnreadable(context);
      const run = await outcome();
      expect(run).toMatchObject({ code: "ERR_UCB_LAUNCH", reason: expect.stringContaining("EACCES") });
      expect(run?.reason).toContain(path);
    });
  });
});
