import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";

/** Limits as prlimit(1) calls them, and as the system lists them. */
const limits = { nofile: "Max open files", nproc: "Max processes", as: "Max address space" } as const;

/** Sets what a process may have from now on; the most it may ever have stays as it is, so that it can be given back. */
export function setLimit(pid: number, name: keyof typeof limits, value: number | "most"): void {
  const soft = value === "most" ? mostOf(pid, limits[name]) : String(value);
  // As the process's own user: root need not have the right to limit others.
  const { uid, gid } = statSync(`/proc/${pid}`);
  const { status, stderr, error } = spawnSync("prlimit", ["--pid", String(pid), `--${name}=${soft}:`], {
    ...(process.geteuid?.() === 0 ? { uid, gid } : {}),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`prlimit could not set ${name} to ${soft}: ${error?.message ?? stderr}`);
}

function mostOf(pid: number, title: string): string {
  const line = readFileSync(`/proc/${pid}/limits`, "utf8")
    .split("\n")
    .find((candidate) => candidate.startsWith(title));
  // The title and the two limits, and behind them perhaps a unit.
  return line?.slice(title.length).trim().split(/\s+/)[1] ?? "unlimited";
}
