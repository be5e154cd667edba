import { readdirSync, readFileSync } from "node:fs";

/** What this process holds now. Children that are zombies count. */
export function holdings() {
  return {
    descriptors: readdirSync("/proc/self/fd").length,
    threads: readdirSync("/proc/self/task").length,
    children: readdirSync("/proc").filter(isChild).length,
  };
}

/** What this process holds once its launchers' threads and their children are gone. */
export async function settledHoldings() {
  await eventually(() => launcherThreads().length === 0 && holdings().children === 0);
  return holdings();
}

/** What is held beyond `before`, once that is nothing or after half a minute. */
export async function heldBeyond(before) {
  let left;
  await eventually(() => {
    const now = holdings();
    left = Object.fromEntries(Object.entries(now).map(([name, count]) => [name, count - before[name]]));
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

async function eventually(condition) {
  const end = Date.now() + 30_000;
  while (!condition() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
}

function isChild(name) {
  if (!/^\d+$/.test(name)) return false;
  const stat = readOrNothing(`/proc/${name}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[1] === String(process.pid);
}

function readOrNothing(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
