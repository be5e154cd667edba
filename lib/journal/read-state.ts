import { existsSync } from "node:fs";
import { join } from "node:path";
import { open } from "lmdb";
import { asUcbError, UcbError } from "../errors.js";
import type { StoredState } from "./records.js";
import { lockState } from "./state-lock.js";
import { checkJournalFile, jobsIn, journalFile, memoriesIn } from "./store.js";

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
      return {
        jobs: jobsIn(root.openDB({ name: "jobs", encoding: "string" })),
        memories: memoriesIn(root.openDB({ name: "memories", encoding: "binary" })),
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
