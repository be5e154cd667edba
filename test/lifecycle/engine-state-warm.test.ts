import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { DurableSupervisor } from "../support/durable-supervisor.js";
import { type TemporarySite, temporarySite } from "../support/temporary-site.js";

const patience = { timeout: 30_000, interval: 5 };

/** Each appends its pid and run id to `marks`, prints a line, and ends with status 3 once `gate` exists. */
const scripts = {
  "wait.py": `
import os, time
with open("../marks", "a") as marks:
    marks.write("%d %s\\n" % (os.getpid(), os.environ["UCB_RUN_ID"]))
print("here I am")
while not os.path.exists("../gate"):
    time.sleep(0.01)
print("there I go")
raise SystemExit(3)
`,
  "wait.pl": `
open(my $marks, ">>", "../marks") or die;
print $marks "$$ $ENV{UCB_RUN_ID}\\n";
close($marks);
print "here I am\\n";
select(undef, undef, undef, 0.01) until -e "../gate";
print "there I go\\n";
exit 3;
`,
};

type Script = keyof typeof scripts;

function warmSite(file: Script) {
  const callbacks = `${file} = done-job-self\n[*]\nwarm = yes\n`;
  const site = temporarySite({ [file]: scripts[file], "callbacks.conf": callbacks });
  onTestFinished(() => openGate(site));
  return { site, options: { directories: [site.directory], logPath: site.logPath, state: site.path("state") } };
}

function openGate(site: TemporarySite): void {
  writeFileSync(site.path("gate"), "");
}

function marks(site: TemporarySite): string {
  return existsSync(site.path("marks")) ? readFileSync(site.path("marks"), "utf8") : "";
}

function hasEnded(pid: number): boolean {
  return !existsSync(`/proc/${pid}`);
}

/** The processes whose parent is this one, and what each was started as. */
function childrenOf(parent: number): { pid: number; command: string }[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        if (stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] !== String(parent)) return [];
        return [{ pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, "utf8") }];
      } catch {
        return [];
      }
    });
}

async function beginRun(file: Script, site: TemporarySite, supervisor: DurableSupervisor) {
  await supervisor.tell({ emit: ["submit-job-7", "done-job-7"] });
  await supervisor.tell({ flush: true });
  const begun = await supervisor.run(file, "running");
  expect(begun.warm).toBe(true);
  await vi.waitUntil(() => marks(site) === `${begun.pid} ${begun.id}\n`, patience);
  return begun;
}

/** A next supervisor finds the run `begun`, which has not ended, waits for it, and records how it ended. */
async function expectAdoption(
  file: Script,
  site: TemporarySite,
  next: DurableSupervisor,
  begun: { pid: number | null; id: string },
): Promise<void> {
  const { pid, id } = begun;
  expect(await next.run(file, "running")).toMatchObject({ pid, id, attempt: 1 });
  openGate(site);
  const closed = next.tell({ close: "wait" });
  const { run } = await next.until((line) => line.run !== undefined && line.run.endedAt !== null);
  await closed;
  expect(run).toMatchObject({ pid, id, attempt: 1 });
  // Before Linux 6.15 nobody but a process's parent learns how it ended.
  if (run?.code !== "ERR_UCB_STATUS") expect(run).toMatchObject({ state: "failed", exitCode: 3 });
  // It ran once.
  expect(marks(site)).toBe(`${pid} ${id}\n`);
  const log = readFileSync(join(site.logPath, "job/0/7/7.cb"), "utf8");
  expect(log).toMatch(/^=== run .*\nhere I am\nthere I go\n=== end .*\n$/);
}

describe.each(Object.keys(scripts) as Script[])("a warm run that outlives its supervisor: %s", (file) => {
  test("is waited for by the next, which learns how it ends; its host and what waits there end", async () => {
    const { site, options } = warmSite(file);
    const first = await DurableSupervisor.start(options);
    const begun = await beginRun(file, site, first);
    await first.tell({ flush: true });
    const others = () => childrenOf(first.pid).filter(({ pid }) => pid !== begun.pid);
    // The host, and the forks that wait for the next runs.
    await vi.waitUntil(() => others().length === 5, patience);
    const hosts = others();
    expect(hosts.every(({ command }) => /warm_host\.py|fork\.pl/.test(command))).toBe(true);
    await first.kill();
    await vi.waitUntil(() => hosts.every(({ pid }) => hasEnded(pid)), patience);
    expect(hasEnded(begun.pid ?? 0)).toBe(false);
    await expectAdoption(file, site, await DurableSupervisor.start(options), begun);
  });

  test("is found by the next, too, where nothing was flushed since it began", async () => {
    const { site, options } = warmSite(file);
    const first = await DurableSupervisor.start(options);
    const begun = await beginRun(file, site, first);
    await first.kill();
    await expectAdoption(file, site, await DurableSupervisor.start(options), begun);
  });
});
