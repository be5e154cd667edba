import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TemporarySite, temporarySite } from "./temporary-site.js";

export interface MailSite {
  site: TemporarySite;
  qbConf: string;
}

/**
 * A site whose `mail.qcb` runs when a job, a subjob or a work item is done, with these keys of `qb.conf`.
 * @param around further files beside it, and what `callbacks.conf` holds below the trigger
 */
export function mailSite(
  qcb: string,
  keys: string,
  { files = {}, options = "" }: { files?: Record<string, string>; options?: string } = {},
): MailSite {
  const triggers = "done-job-self || done-subjob-self-* || done-work-self-*";
  const site = temporarySite({ "callbacks.conf": `mail.qcb = ${triggers}\n${options}`, "mail.qcb": qcb, ...files });
  const qbConf = site.path("qb.conf");
  const path = `supervisor_universal_callback_path = ${site.directory}\n`;
  writeFileSync(qbConf, `${path}${keys.replaceAll("SITE", join(site.directory))}`, { mode: 0o600 });
  return { site, qbConf };
}
