import { setTimeout as sleep } from "node:timers/promises";
import { Bench } from "tinybench";

/** One of those that are compared. */
export interface Contestant {
  name: string;
  /** Does the work once; one that clocks itself returns the milliseconds it took. */
  turn(): undefined | number | Promise<undefined | number>;
}

export interface Rounds {
  /** Rounds that count. */
  rounds: number;
  /** Rounds in front of them that do not, in which code gets compiled and caches get filled. */
  warmups: number;
  /** Turns of a contestant in each round; the round counts their median. */
  turns?: number;
}

/**
 * Lets each contestant take its turn in every round, in an order that moves on by one each time, so that whatever else
 * the machine does falls on all of them alike. Returns milliseconds a turn, one for each round.
 */
export async function interleave(contestants: readonly Contestant[], options: Rounds): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = -options.warmups; round < options.rounds; round++) {
    for (let place = 0; place < contestants.length; place++) {
      const contestant = contestants[(place + round + options.warmups) % contestants.length];
      if (contestant === undefined) continue;
      await collectGarbage();
      const time = await takeTurns(contestant, options.turns ?? 1);
      if (round >= 0) times.get(contestant.name)?.push(time);
    }
  }
  return times;
}

const pauseMs = 5;
const mostPauses = 200;

/**
 * Collects what was left by whoever had the last turn, and waits until the collector's threads, which go on behind the
 * call, have come to rest: they would take memory's time, and the caches, from whoever is next.
 */
async function collectGarbage(): Promise<void> {
  if (globalThis.gc === undefined) return;
  globalThis.gc();
  for (let pause = 0; pause < mostPauses; pause++) {
    const before = process.cpuUsage();
    await sleep(pauseMs);
    const { user, system } = process.cpuUsage(before);
    if (user + system < (pauseMs * 1000) / 10) return;
  }
}

async function takeTurns(contestant: Contestant, turns: number): Promise<number> {
  const bench = new Bench({ iterations: turns, time: 0, warmup: false, throws: true, retainSamples: true });
  // Told that it is asynchronous, tinybench calls it no more often than asked; a microtask is nothing beside a turn.
  bench.add(contestant.name, async () => clocked(await contestant.turn()), { async: true });
  const [task] = await bench.run();
  if (task === undefined || task.result.state !== "completed") {
    throw new Error(`${contestant.name} did not take its turn: ${task?.result.state ?? "no task"}`);
  }
  return task.result.latency.p50;
}

function clocked(milliseconds: undefined | number): { overriddenDuration: number } | undefined {
  return milliseconds === undefined ? undefined : { overriddenDuration: milliseconds };
}
