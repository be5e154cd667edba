import { readdirSync, readFileSync } from "node:fs";

/** What names one process among all that ever have its pid, until the system boots again. */
export interface ProcessIdentity {
  pid: number;
  /** Its start in clock ticks since boot. */
  startTicks: number;
}

/** The process of a run that was found by what it was started with. */
export interface FoundProcess extends ProcessIdentity {
  /** The attempt it was started for. */
  attempt: number;
  /** About when it, or the run that it has become, started, in Unix milliseconds. */
  startedAt: number;
  /** What lets it ask the supervisor. */
  token: string;
}

/** Names the time since the last boot: pids and ticks of another are worth nothing. Empty if the system has none. */
export function bootId(): string {
  return (read("/proc/sys/kernel/random/boot_id") ?? "").trim();
}

/** When `pid` was started, in clock ticks since boot; 0 if there is no such process. */
export function startTicksOf(pid: number): number {
  return statOf(pid)?.startTicks ?? 0;
}

/** Whether the process that was started at `startTicks` with this pid still has it. It may have ended, unreaped. */
export function isSameProcess(pid: number, startTicks: number): boolean {
  return startTicks !== 0 && startTicksOf(pid) === startTicks;
}

/**
 * Processes that lead a session and have `UCB_RUN_ID=runId` in the environment they were started with, in the order of
 * their start: those a launcher has started for the run, and any that these have made lead sessions of their own.
 */
export function findRun(runId: string): FoundProcess[] {
  return search(new Set([runId])).get(runId) ?? [];
}

/**
 * {@link findRun} for many runs with one look at all processes. Of a run with several, the process that was started
 * first for the latest attempt: others are what it has left behind or made.
 */
export function findRuns(ids: ReadonlySet<string>): Map<string, FoundProcess> {
  const found = new Map<string, FoundProcess>();
  for (const [id, processes] of search(ids)) {
    const [first] = processes.sort((one, other) => other.attempt - one.attempt || one.startTicks - other.startTicks);
    if (first !== undefined) found.set(id, first);
  }
  return found;
}

function search(ids: ReadonlySet<string>): Map<string, FoundProcess[]> {
  const found = new Map<string, FoundProcess[]>();
  if (ids.size === 0) return found;
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    const before = Number.isInteger(pid) && pid !== process.pid ? statOf(pid) : null;
    if (before === null || before.session !== pid) continue;
    // The system shows it only of this user's processes; of those that have ended it is empty.
    const variables = read(`/proc/${pid}/environ`)?.split("\0") ?? [];
    const id = variableOf(variables, "UCB_RUN_ID");
    if (id === undefined || !ids.has(id)) continue;
    // Else the number was given away in between.
    if (!isSameProcess(pid, before.startTicks)) continue;
    const attempt = Number(variableOf(variables, "UCB_ATTEMPT") ?? 1);
    const processes = found.get(id) ?? [];
    const { startTicks } = before;
    const token = variableOf(variables, "UCB_TOKEN") ?? "";
    // The fork of a warm interpreter may have waited for its run.
    const startedAt = Number(variableOf(variables, "UCB_BEGAN_AT")) || timeOf(startTicks);
    processes.push({ pid, startTicks, attempt, startedAt, token });
    found.set(id, processes);
  }
  for (const processes of found.values()) processes.sort((one, other) => one.startTicks - other.startTicks);
  return found;
}

/** Linux tells all programs times in hundredths of a second, whatever it counts in. */
const ticksPerSecond = 100;

function timeOf(startTicks: number): number {
  const uptime = Number((read("/proc/uptime") ?? "").split(" ", 1)[0]);
  return Math.round(Date.now() - uptime * 1000 + (startTicks / ticksPerSecond) * 1000);
}

function variableOf(variables: readonly string[], name: string): string | undefined {
  return variables.find((variable) => variable.startsWith(`${name}=`))?.slice(name.length + 1);
}

function statOf(pid: number): { session: number; startTicks: number } | null {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The second field is the program's name in parentheses and may hold anything, so fields count from the last ")".
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { session: Number(fields[3]), startTicks: Number(fields[19]) };
}

/** Latin-1 keeps every byte apart, whatever a process was started with. */
function read(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}
