import { readdirSync, readFileSync } from "node:fs";

/** What a process, by default this one, holds now. Children that are zombies count. */
export function holdings(pid = process.pid) {
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
    children: childrenOf(pid).length,
  };
}

/** What this process holds once its launchers' threads and their children are gone. */
export async function settledHoldings() {
  await eventually(() => launcherThreads().length === 0 && holdings().children === 0);
  return holdings();
}

/** What is held beyond `before`, once that is nothing or after half a minute. */
export async function heldBeyond(before, pid = process.pid) {
  let left;
  await eventually(() => {
    const now = holdings(pid);
    left = Object.fromEntries(Object.entries(now).map(([name, count]) => [name, Math.max(0, count - before[name])]));
    return Object.values(left).every((count) => count === 0);
  });
  return left;
}

/** The names of the threads that belong to launchers, or to what they have left. */
export function launcherThreads() {
  const tasks = readdirSync("/proc/self/task");
  const names = tasks.map((task) => readOrNothing(`/proc/self/task/${task}/comm`)?.trim() ?? "");
  return names.filter((name) => name.startsWith("ucb-"));
}

/** The processes whose parent is `pid`, zombies included. */
export function childrenOf(pid = process.pid) {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === String(pid))
    .map(Number);
}

async function eventually(condition) {
  const end = Date.now() + 30_000;
  while (!condition() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
}

function parentOf(pid) {
  const stat = readOrNothing(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
}

function readOrNothing(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
