import { UcbError } from "../errors.js";
import { native } from "../native.js";

/** Holds a state folder for one engine. The system lets go of it when the process dies, however it does. */
export interface StateLock {
  release(): void;
}

/**
 * Locks a file, made if it is missing.
 * @throws UcbError `ERR_UCB_STATE` if somebody has it, with their process id where it is known
 */
export function lockState(path: string): StateLock {
  let descriptor: number;
  try {
    descriptor = native.fileLock(path);
  } catch (error) {
    const { message, errno } = error as UcbError;
    if (errno !== "EWOULDBLOCK" && errno !== "EAGAIN") {
      throw new UcbError("ERR_UCB_STATE", `the state cannot be locked: ${message}`, { cause: error, path, errno });
    }
    throw new UcbError("ERR_UCB_STATE", `another engine has this state: ${path} is locked`, {
      path,
      errno,
      hint: `"fuser ${path}" names its process; stop it, or use another state folder`,
    });
  }
  let held = true;
  return {
    release: () => {
      if (held) native.fileUnlock(descriptor);
      held = false;
    },
  };
}
