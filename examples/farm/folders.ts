import { mkdir, mkdtemp, readdir, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where a farm's run keeps what; all absolute. */
export interface Folders {
  output: string;
  /** What commands write. */
  project: string;
  /** What commands print. */
  jobs: string;
  /** What callbacks print. */
  log: string;
  mail: string;
  /** Where the example's callbacks are installed, and next to it what they write. */
  callback: string;
  failures: string;
  submitted: string;
  qbConf: string;
}

/**
 * Makes the output folder, or a new one for temporary files if none is wanted.
 * @throws Error if it holds something already: two runs in one folder could not be told apart
 */
export async function openFolders(wanted: string | null): Promise<Folders> {
  const output = await realpath(wanted === null ? await mkdtemp(join(tmpdir(), "farm-")) : await emptyFolder(wanted));
  return {
    output,
    project: join(output, "project"),
    jobs: join(output, "jobs"),
    log: join(output, "log"),
    mail: join(output, "mail"),
    callback: join(output, "callback"),
    failures: join(output, "failures.db"),
    submitted: join(output, "submitted.txt"),
    qbConf: join(output, "qb.conf"),
  };
}

async function emptyFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o755 });
  if ((await readdir(path)).length > 0) throw new Error(`the output folder ${path} is not empty`);
  return path;
}
