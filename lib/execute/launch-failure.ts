import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";
import { UcbError } from "../errors.js";
import type { NativeFailure } from "../native.js";

/** The error of a process that could not be started. */
export function launchFailure(file: string, failure: NativeFailure): UcbError {
  const { errno, syscall, path, message } = failure;
  if (message !== "") {
    const hint = "give it back to root or this user alone, and let others have no right to write to it (ls -ld)";
    return new UcbError("ERR_UCB_LAUNCH", message, { errno, syscall, path, hint });
  }
  const hint = launchHint(failure);
  return new UcbError("ERR_UCB_LAUNCH", `could not start ${file}: ${describe(failure)}`, {
    errno,
    syscall,
    path,
    hint,
  });
}

/** The error of a process that could not be taken over. */
export function adoptFailure(pid: number, { errno, syscall }: NativeFailure): UcbError {
  if (errno === "EBUSY") {
    return new UcbError("ERR_UCB_ARGUMENT", `this launcher waits for process ${pid} already`, { errno, syscall });
  }
  return new UcbError("ERR_UCB_GONE", `process ${pid} is gone, or its number belongs to another by now`, {
    errno,
    syscall,
  });
}

/** The error of a block that is not in its log. */
export function logFailure(log: string, failure: NativeFailure): UcbError {
  const what = failure.syscall === "unlink" ? "could not clean up after appending" : "could not append";
  const { errno, syscall, path } = failure;
  const hint = pathHint(failure);
  return new UcbError("ERR_UCB_LOG", `${what} to ${log}: ${describe(failure)}`, { errno, syscall, path, hint });
}

/** What is wrong with the way to a file that is written, where it is not plain. */
export function pathHint({ errno, path }: Pick<UcbError, "errno" | "path">): string | undefined {
  if (errno !== "ELOOP") return undefined;
  return `${path} is a link, and links are not followed where others than root and this user can place them`;
}

function describe({ errno, syscall, path }: NativeFailure): string {
  const number = (constants.errno as Record<string, number>)[errno];
  const text = number === undefined ? undefined : getSystemErrorMap().get(-number)?.[1];
  return `${text === undefined ? errno : `${text} (${errno})`}, ${syscall} ${path}`.trimEnd();
}

function launchHint({ errno, syscall, path }: NativeFailure): string | undefined {
  if (errno === "ECANCELED") return "it was terminated before it had been started";
  if (errno === "EMFILE") return "this process has too many files open: raise its limit (ulimit -n)";
  if (errno === "ENFILE") return "the system has too many files open: raise fs.file-max";
  if (syscall === "chdir") return `the working directory ${path} must exist and be accessible to this user`;
  if (syscall === "posix_spawn" && errno === "EAGAIN") return "the limit of processes is reached (ulimit -u, pids.max)";
  if (syscall !== "execve") return undefined;
  if (errno === "ENOMEM") return "there is not enough memory for it, or less than it needs may be used (limit.memory)";
  if (errno === "ENOENT") return `${path}, or the interpreter its first line names, does not exist`;
  if (errno === "EACCES") return `${path} must be a file that this user may execute, on a file system that allows it`;
  if (errno === "ENOEXEC") return `${path} is no program: a script needs a first line like #!/usr/bin/python3`;
  return undefined;
}
