import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export interface Failure {
  time: string;
  jobid: number;
  name: string;
  user: string;
  event: string;
  runid: string;
}

const reader = fileURLToPath(new URL("read-failures.py", import.meta.url));

/** The rows that logFailuresToDB.py has written; null if it has made no database. */
export async function readFailures(database: string): Promise<Failure[] | null> {
  if (!existsSync(database)) return null;
  const { stdout } = await promisify(execFile)("python3", [reader, database]);
  return JSON.parse(stdout) as Failure[];
}
