import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { vi } from "vitest";
import { type TemporarySite, temporarySite } from "./temporary-site.js";

/** A callback that notes its event and then waits until the gate is open; it ends with what `STATUS` says. */
const script = `
import os, sys, time
with open(os.environ["NOTES"], "a") as notes:
    notes.write(os.environ["UCB_EVENT"] + "\\n")
while not os.path.exists(os.environ["GATE"]):
    time.sleep(0.01)
sys.exit(int(open(os.environ["GATE"]).read()))
`;

export interface GatedSite {
  site: TemporarySite;
  /** The events of all runs that have begun, in order. */
  begun(): string[];
  /** Resolves when that many have begun. */
  waitFor(count: number): Promise<void>;
  /** From now on runs end, with this exit status. */
  open(status?: number): void;
}

/** A site whose only callback, `gated.py`, runs for any work item that is complete, with the given options. */
export function gatedSite(options: string): GatedSite {
  const site = temporarySite({ "gated.py": script });
  const [notes, gate] = [site.path("notes"), site.path("gate")];
  const conf = `gated.py = complete-work-self-*\n[gated.py]\nenv.NOTES = ${notes}\nenv.GATE = ${gate}\n${options}\n`;
  writeFileSync(`${site.directory}/callbacks.conf`, conf, { mode: 0o644 });
  const begun = () => (existsSync(notes) ? readFileSync(notes, "utf8").trimEnd().split("\n") : []);
  return {
    site,
    begun,
    waitFor: (count) => vi.waitUntil(() => begun().length >= count, { timeout: 30_000 }).then(() => {}),
    open(status = 0) {
      // A script may look at any moment: it finds nothing or the whole.
      writeFileSync(`${gate}.new`, String(status));
      renameSync(`${gate}.new`, gate);
    },
  };
}
