import { readFileSync, writeFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { gatedSite } from "../support/gated-site.js";
import { openEngine, type TemporarySite, temporarySite } from "../support/temporary-site.js";

/** Notes when it begins and ends, and takes the longer the earlier its frame is, so that order is no accident. */
const noting = `
import os, sys, time
def note(what):
    with open(os.environ["NOTES"], "a") as notes:
        notes.write("%s %s %s\\n" % (what, os.environ["UCB_JOB_ID"], os.environ["UCB_EVENT_EXTRA"]))
note("begin")
time.sleep(0.01 * (6 - int(os.environ["UCB_EVENT_EXTRA"])))
first = os.environ["UCB_ATTEMPT"] == "1"
note("end")
sys.exit(75 if first and os.environ["UCB_EVENT_EXTRA"] == os.environ.get("AGAIN") else 0)
`;

function notingSite(options: string): { site: TemporarySite; notes: () => string[] } {
  const site = temporarySite({ "a.py": noting });
  const path = site.path("notes");
  const conf = `a.py = complete-work-self-*\n[a.py]\nenv.NOTES = ${path}\n${options}\n`;
  writeFileSync(`${site.directory}/callbacks.conf`, conf, { mode: 0o644 });
  return { site, notes: () => readFileSync(path, "utf8").trimEnd().split("\n") };
}

const inOrder = (job: number, ...frames: number[]) =>
  frames.flatMap((frame) => [`begin ${job} ${frame}`, `end ${job} ${frame}`]);

test("serial = job runs one at a time for each job, in the order of events, and jobs beside each other", async () => {
  const { site, notes } = notingSite("serial = job");
  const { engine, ended } = await openEngine(site, { maxRunning: 4 });
  for (let frame = 1; frame <= 5; frame++) for (const job of [1, 2]) engine.emit(`complete-work-${job}-${frame}`);
  await engine.idle();
  expect(ended.map(({ state }) => state)).toEqual(Array(10).fill("succeeded"));
  for (const job of [1, 2]) {
    expect(notes().filter((line) => line.split(" ")[1] === String(job))).toEqual(inOrder(job, 1, 2, 3, 4, 5));
  }
  const begun = notes().indexOf("begin 2 1");
  expect(begun).toBeLessThan(notes().indexOf("end 1 5"));
});

test("a run that is tried again keeps its place ahead of those that fired later", async () => {
  const { site, notes } = notingSite("serial = job\nretry = 1, 50ms\nenv.AGAIN = 2");
  const { engine } = await openEngine(site);
  for (let frame = 1; frame <= 3; frame++) engine.emit(`complete-work-1-${frame}`);
  await engine.idle();
  expect(notes()).toEqual(inOrder(1, 1, 2, 2, 3));
});

test("max_running bounds one callback and leaves room for others", async () => {
  const { site, waitFor, open } = gatedSite("max_running = 2");
  const { engine, ended } = await openEngine(site, { maxRunning: 3 });
  let others = 0;
  engine.register({
    on: "complete-work-self-*",
    run: () => {
      others++;
    },
  });
  for (let frame = 1; frame <= 5; frame++) engine.emit(`complete-work-${frame}-1`);
  await waitFor(2);
  await vi.waitUntil(() => others === 5, { timeout: 30_000 });
  expect(engine.load).toEqual({ queued: 3, running: 2, delayed: 0 });
  open();
  await engine.idle();
  expect(ended.filter(({ callback, state }) => callback === "gated.py" && state === "succeeded").length).toBe(5);
});
