import { existsSync } from "node:fs";
import { join } from "node:path";
import { open } from "lmdb";
import type { Job } from "../bridge/supervisor.js";
import { asUcbError, UcbError } from "../errors.js";
import type { StoredState } from "./records.js";
import { lockState } from "./state-lock.js";
import { checkJournalFile, journalFile } from "./store.js";

/**
 * What the state folder of an engine that has ended knows of jobs and of what happened to them. Nothing in it is changed, and no
 * engine can open it meanwhile.
 * @throws UcbError `ERR_UCB_STATE` if there is none, an engine has it, or it is damaged
 */
export async function readState(folder: string): Promise<Pick<StoredState, "jobs" | "memories">> {
  const path = join(folder, journalFile);
  if (!existsSync(path)) {
    throw new UcbError("ERR_UCB_STATE", `there is no state in ${folder}`, { path: folder });
  }
  const lock = lockState(join(folder, "lock"));
  try {
    checkJournalFile(path);
    const root = open({ path, maxDbs: 8, readOnly: true });
    try {
      const jobs = root.openDB<string, string>({ name: "jobs", encoding: "string" });
      const memories = root.openDB<Buffer, string>({ name: "memories", encoding: "binary" });
      return {
        jobs: [...jobs.getRange()].map(({ value }) => JSON.parse(value) as Job),
        memories: [...memories.getRange()].map(({ key, value }) => [Number(key), Uint8Array.from(value)]),
      };
    } finally {
      await root.close();
    }
  } catch (error) {
    throw asUcbError(error, "ERR_UCB_STATE", `the state in ${folder} cannot be read`);
  } finally {
    lock.release();
  }
}
