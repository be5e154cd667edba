import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { PathGuard } from "../config/permissions.js";
import { asUcbError, UcbError } from "../errors.js";
import type { CommandLog } from "./command-log.js";

/**
 * Finds out before anything is run whether the output of runs could be filed, and notes where others could lead it
 * elsewhere.
 * @throws UcbError `ERR_UCB_LOG` if the log folder is not writable, or could not be made
 */
export async function checkLogFolder(logPath: string, log: CommandLog): Promise<void> {
  let folder = logPath;
  while (!(await isWritableFolder(folder, logPath))) folder = dirname(folder);
  const { problems } = await new PathGuard().walk(folder);
  const open = problems.filter(({ code }) => code === "ERR_UCB_PATH_WRITABLE");
  for (const { message, path } of open) {
    log.warn(`${message}, who could lead the output of runs elsewhere by a link`, { path });
  }
}

/** False if it does not exist, so that the folder above decides. */
async function isWritableFolder(folder: string, logPath: string): Promise<boolean> {
  const which = folder === logPath ? logPath : `${logPath} (its nearest existing folder is ${folder})`;
  const context = `output of runs cannot be filed in ${which}`;
  const hint = "name another folder with --logpath DIR, or set supervisor_logpath in qb.conf";
  try {
    if (!(await stat(folder)).isDirectory()) {
      throw new UcbError("ERR_UCB_LOG", `${context}: it is not a folder`, { path: folder, hint });
    }
    await access(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    const { errno, message, cause } = asUcbError(error, "ERR_UCB_LOG", context);
    if (errno === "ENOENT" && dirname(folder) !== folder) return false;
    throw new UcbError("ERR_UCB_LOG", message, { path: folder, hint, errno, cause });
  }
}
