import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

/** Nobody's number: no account has it, so nothing else on the machine counts towards its limits. */
const uid = 64_321;

const built = resolve(import.meta.dirname, "../../dist/index.js");

/** A user other than root, for limits that root is exempt from; null, and why, where processes cannot be started as one. */
export function anotherUser(): { uid: number } | { uid: null; reason: string } {
  if (process.geteuid?.() !== 0) return { uid: null, reason: "only root can start processes as another user" };
  // Neither node nor the checkout need be readable for everybody.
  const { status, stderr, error } = spawnSync(process.execPath, ["-e", "await import(process.argv[1])", built], {
    ...{ uid, gid: uid, cwd: "/", encoding: "utf8" },
    env: { PATH: process.env.PATH },
  });
  if (status === 0) return { uid };
  return { uid: null, reason: `another user cannot run the engine: ${error?.message ?? stderr.trim()}` };
}
