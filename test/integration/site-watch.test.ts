import { writeFileSync } from "node:fs";
import { onTestFinished, test, vi } from "vitest";
import { SiteWatch } from "../../lib/config/site-watch.js";
import { temporarySite } from "../support/temporary-site.js";

const patience = { timeout: 30_000, interval: 5 };

async function watching(paths: string[], since?: number) {
  const watch = await SiteWatch.start(paths, { intervalMs: 5, ...(since === undefined ? {} : { since }) });
  onTestFinished(() => watch.close());
  let changes = 0;
  watch.onChange = () => changes++;
  return { count: () => changes };
}

test("what changed while the site was being read is told", async () => {
  const site = temporarySite({ "callbacks.conf": "" });
  const since = Date.now();
  writeFileSync(`${site.directory}/callbacks.conf`, "a.py = done-job-self\n");
  const { count } = await watching([site.directory], since);
  await vi.waitUntil(() => count() > 0, patience);
  writeFileSync(`${site.directory}/callbacks.conf`, "b.py = done-job-self\n");
  await vi.waitUntil(() => count() > 1, patience);
});
