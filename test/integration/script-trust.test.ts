import { chmodSync, chownSync, mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Run } from "../../lib/index.js";
import { openEngine, temporarySite } from "../support/temporary-site.js";

/** A site of a Python and a Perl callback that both run, and a way to run them again after something was done to it. */
async function trustedSite() {
  const site = temporarySite({
    "callbacks.conf": "a.py = complete-job-self\nb.pl = complete-job-self\n[*]\nretry = no\nbreaker = no\n",
    "a.py": "print('trusted')\n",
    "b.pl": "print qq(trusted\\n);\n",
  });
  const { engine, ended } = await openEngine(site);
  const runs = async (): Promise<Run[]> => {
    ended.length = 0;
    engine.emit("complete-job-1");
    await engine.idle();
    return [...ended].sort((one, other) => one.callback.localeCompare(other.callback));
  };
  const states = async () => (await runs()).map(({ state }) => state);
  expect(await states()).toEqual(["succeeded", "succeeded"]);
  return { site, runs, states, scripts: ["a.py", "b.pl"].map((name) => join(site.directory, name)) };
}

const refused = (path: string, what: string) =>
  expect.objectContaining({
    state: "failed",
    code: "ERR_UCB_LAUNCH",
    exitCode: null,
    reason: expect.stringContaining(`${path} ${what}`),
  });

describe("a script that was fine when it was configured", () => {
  it("does not run while others can write to it", async () => {
    const { runs, states, scripts } = await trustedSite();
    for (const mode of [0o646, 0o664]) {
      for (const script of scripts) {
        // A group that has members, wherever this runs.
        if (process.getuid?.() === 0) chownSync(script, 0, 54_321);
        chmodSync(script, mode);
      }
      if (mode === 0o664 && process.getuid?.() !== 0) continue;
      expect(await runs()).toEqual(scripts.map((script) => refused(script, "can be written to by others by now")));
    }
    for (const script of scripts) chmodSync(script, 0o644);
    expect(await states()).toEqual(["succeeded", "succeeded"]);
  });

  it("does not run while others can write to its directory", async () => {
    const { site, runs, states } = await trustedSite();
    const refusal = refused(site.directory, "can be written to by others by now");
    chmodSync(site.directory, 0o777);
    expect(await runs()).toEqual([refusal, refusal]);
    chmodSync(site.directory, 0o1777);
    expect(await states()).toEqual(["succeeded", "succeeded"]);
  });

  it("does not run once it is a link, wherever that leads", async () => {
    const { site, runs, scripts } = await trustedSite();
    for (const script of scripts) {
      const outside = site.path("outside");
      writeFileSync(outside, "raise SystemExit(0)\n");
      unlinkSync(script);
      symlinkSync(outside, script);
    }
    expect(await runs()).toEqual(scripts.map((script) => refused(script, "has become a link since it was configured")));
  });

  it("does not run from a directory that was replaced by a link", async () => {
    const { site, runs } = await trustedSite();
    const moved = site.path("moved");
    renameSync(site.directory, moved);
    symlinkSync(moved, site.directory);
    const refusal = refused(site.directory, "has become a link since it was configured");
    expect(await runs()).toEqual([refusal, refusal]);
  });

  it("does not run once it is something else, or gone", async () => {
    const { runs, scripts } = await trustedSite();
    for (const script of scripts) {
      unlinkSync(script);
      mkdirSync(script);
    }
    expect(await runs()).toEqual(scripts.map((script) => refused(script, "is no regular file any more")));
    for (const script of scripts) renameSync(script, `${script}.away`);
    const missing = "cannot be run: no such file or directory at";
    expect(await runs()).toEqual(scripts.map((script) => refused(script, `${missing} ${script} (ENOENT)`)));
  });

  it("does not run while its directory is away, which is named", async () => {
    const { site, runs, states, scripts } = await trustedSite();
    renameSync(site.directory, site.path("away"));
    const missing = `cannot be run: no such file or directory at ${site.directory} (ENOENT)`;
    expect(await runs()).toEqual(scripts.map((script) => refused(script, missing)));
    renameSync(site.path("away"), site.directory);
    expect(await states()).toEqual(["succeeded", "succeeded"]);
  });

  it.runIf(process.getuid?.() === 0)("does not run once it belongs to another user", async () => {
    const { site, runs, states, scripts } = await trustedSite();
    for (const script of scripts) chownSync(script, 54_321, 0);
    expect(await runs()).toEqual(scripts.map((script) => refused(script, "belongs to another user by now")));
    for (const script of scripts) chownSync(script, 0, 0);
    chownSync(site.directory, 54_321, 0);
    const refusal = refused(site.directory, "belongs to another user by now");
    expect(await runs()).toEqual([refusal, refusal]);
    chownSync(site.directory, 0, 0);
    expect(await states()).toEqual(["succeeded", "succeeded"]);
  });
});
