import type { NativeFailure } from "../native.js";
import { launchFailure } from "./launch-failure.js";
import { packLaunch } from "./launch-options.js";

/** A warm interpreter to start. */
export interface HostOptions {
  /** Absolute path of the interpreter. */
  file: string;
  args: readonly string[];
  /** The whole environment. */
  env: Readonly<Record<string, string>>;
}

/** Told of one host. */
export interface HostObserver {
  /** It has loaded everything. Launches may name it before, and then wait. */
  ready(): void;
  /** It begins nothing more, and why; not told of a host that was closed. */
  ended(reason: string): void;
}

/** @throws UcbError `ERR_UCB_ARGUMENT` */
export function packHost({ file, args, env }: HostOptions) {
  return packLaunch({ file, args, env, cwd: "/" });
}

/** Why there is no host, or no more. */
export function hostFailure(failure: NativeFailure): string {
  return failure.message === "" ? launchFailure(failure.path, failure).message : failure.message;
}
