import { chmod, copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Copies a callback directory to where it is used from, as an administrator would: for its owner alone to change. Where
 * the original lies is then of no importance; a checkout often belongs to somebody else, or to a group.
 */
export async function installSite(source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  await chmod(target, 0o755);
  for (const entry of await readdir(source, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(target, entry.name);
    await copyFile(join(source, entry.name), file);
    await chmod(file, 0o644);
  }
}

/** Writes the `qb.conf` of a farm whose mail goes to `mailPort` on this machine. */
export async function writeQbConf(
  path: string,
  site: { callbacks: string; logPath: string; mailPort: number },
): Promise<void> {
  const lines = [
    `supervisor_universal_callback_path = ${quoted(site.callbacks)}`,
    `supervisor_logpath = ${quoted(site.logPath)}`,
    "mail_host = 127.0.0.1",
    `mail_port = ${site.mailPort}`,
    "mail_domain = farm.example",
    "mail_from = farm",
    "mail_administrator = wrangler@farm.example",
  ];
  await writeFile(path, `${lines.join("\n")}\n`, { mode: 0o644 });
}

/** Quotes what the format would otherwise take for a comment. */
function quoted(value: string): string {
  return /[;#"'=]/.test(value) ? JSON.stringify(value) : value;
}
