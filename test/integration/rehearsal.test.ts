import { expect, onTestFinished, test } from "vitest";
import { loadConfiguration } from "../../lib/config/load-configuration.js";
import { type Firing, Rehearsal } from "../../lib/engine/rehearsal.js";
import { temporarySite } from "../support/temporary-site.js";

/** Qube time 0, and so many seconds after it, in Unix milliseconds. */
const at = (seconds: number) => (946_702_800 + seconds) * 1000;

async function rehearsalOf(callbacksConf: string) {
  const site = temporarySite({ "a.py": "", "b.py": "", "callbacks.conf": callbacksConf });
  const fired: Firing[] = [];
  const rehearsal = new Rehearsal(await loadConfiguration({ directories: [site.directory] }), (firing) => {
    fired.push(firing);
  });
  onTestFinished(() => rehearsal.close());
  return {
    report: (event: string, seconds: number) => {
      let steps = 1;
      for (; !rehearsal.passTo(at(seconds)); steps++);
      rehearsal.report(event, true);
      return steps;
    },
    /** What has fired since, and when, in seconds of Qube time. */
    take: () => fired.splice(0).map((firing) => `${firing.event} ${Number(firing.at) / 1000 - 946_702_800}`),
  };
}

test("times come in between, for those jobs that are attached then", async () => {
  const { report, take } = await rehearsalOf(
    "a.py = dummy-repeat-self-0-60\nb.py = globaltime-100 || dummy-time-self-250\n",
  );
  report("submit-job-1", 10);
  report("submit-job-2", 70);
  report("removed-job-1", 130);
  report("running-job-2", 260);
  expect(take()).toEqual([
    ...["dummy-repeat-1-0-60 60", "globaltime-100 100", "dummy-repeat-1-0-60 120", "dummy-repeat-2-0-60 120"],
    ...["dummy-repeat-2-0-60 180", "dummy-repeat-2-0-60 240", "dummy-time-2-250 250"],
  ]);
});

test("what was past when the first event came has been, and a clock that was set back repeats nothing", async () => {
  const { report, take } = await rehearsalOf("a.py = dummy-repeat-self-0-60\nb.py = globaltime-5\n");
  report("submit-job-1", 30);
  report("running-job-1", 130);
  report("running-job-1", 50);
  report("running-job-1", 190);
  expect(take()).toEqual(["dummy-repeat-1-0-60 60", "dummy-repeat-1-0-60 120", "dummy-repeat-1-0-60 180"]);
});

test("a long time passes in as many steps as something happens in it", async () => {
  const { report, take } = await rehearsalOf("a.py = dummy-time-self-31536000\n");
  report("submit-job-1", 0);
  expect(report("running-job-1", 63_072_000)).toBeLessThan(10);
  expect(take()).toEqual(["dummy-time-1-31536000 31536000"]);
});
