import { existsSync, readFileSync } from "node:fs";
import { expect, onTestFinished, vi } from "vitest";
import type { CallbackEngine, EngineOptions, Run } from "../../lib/index.js";
import { isAlive } from "./process-state.js";
import { heldBeyond, holdings } from "./scenarios/holdings.mjs";
import { openEngine, temporarySite } from "./temporary-site.js";

/** An engine with a callback that misbehaves when a job fails, and a good one that runs for every piece of work. */
export interface HostileRoom {
  engine: CallbackEngine;
  directory: string;
  /** Runs the good callback to its end. */
  good(): Promise<void>;
  /** The process that has named itself in a file of the site's directory; it does not outlive the test. */
  process(name: string): Promise<number>;
  /** Fails a job, and does something meanwhile. The good callback must run, and afterwards nothing be held. */
  outcome(meanwhile?: () => Promise<void>): Promise<Run>;
}

/** Perl: says in a file which process it is, once it is ready for anything. */
export const begun = (name: string) =>
  `open(my $file, ">", "${name}.tmp"); print $file $$; close $file; rename("${name}.tmp", "${name}");`;

export async function openHostileRoom(
  script: string,
  text: string,
  options: string,
  engineOptions: EngineOptions = {},
): Promise<HostileRoom> {
  const site = temporarySite({
    "callbacks.conf": `${script} = failed-job-self\ngood.pl = complete-work-self-*\n[${script}]\n${options}\n[*]\nwarm = no\n`,
    [script]: text,
    // It asks, too: whoever keeps the bridge busy keeps it from asking.
    "good.pl": 'my @jobs = qb::jobinfo("-id", 77); print "good\\n";\n',
  });
  const { engine, ended } = await openEngine(site, { strict: true, ...engineOptions });
  const good = async () => {
    const run = new Promise<Run>((resolve) => {
      const listener = (told: Run) => {
        if (told.callback !== "good.pl" || told.endedAt === null) return;
        engine.off("run", listener);
        resolve(told);
      };
      engine.on("run", listener);
    });
    engine.emit("complete-work-1-1");
    expect(await run).toMatchObject({ state: "succeeded", reason: null });
  };
  await good();
  const before = holdings();
  const pidIn = (name: string) => Number(readFileSync(`${site.directory}/${name}`, "utf8"));
  return {
    engine,
    directory: site.directory,
    good,
    process: async (name: string): Promise<number> => {
      const told = () => existsSync(`${site.directory}/${name}`) && pidIn(name) > 0;
      await vi.waitUntil(told, { timeout: 30_000 });
      const pid = pidIn(name);
      onTestFinished(() => {
        if (isAlive(pid)) process.kill(pid, "SIGKILL");
      });
      return pid;
    },
    outcome: async (meanwhile = good): Promise<Run> => {
      engine.emit("failed-job-1");
      await meanwhile();
      await engine.idle();
      await good();
      expect(await heldBeyond(before)).toEqual({ descriptors: 0, threads: 0, children: 0 });
      return ended.find(({ callback }) => callback === script) as Run;
    },
  };
}
