import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CallbackEngine } from "../../lib/engine/callback-engine.js";
import { withFolder } from "../harness/folder.js";
import { sized } from "../harness/options.js";
import { Random } from "../harness/random.js";
import { MapTrie } from "../match/peers/map-trie.js";
import { triggerText } from "../match/rule.js";
import { flat, makeEvents, makeRules } from "../match/workload.js";
import { endure, type Weather } from "./weather.js";

const perChunk = 1000;
const firingShare = 0.01;

/** A million events; functions registered for a thousand rules. */
export async function functionStorm(): Promise<Weather> {
  const count = sized(1_000_000, 20_000);
  const rules = makeRules(1000, 6000);
  const trie = new MapTrie(rules);
  const silent = makeEvents(rules, sized(100_000, 10_000), 6001, 0);
  const firing = makeEvents(rules, sized(10_000, 1000), 6002).filter((event) => fires(trie, event));
  const engine = await CallbackEngine.open({ directories: [] });
  let ran = 0;
  for (const rule of rules) {
    engine.register({
      on: triggerText(rule),
      async run() {
        await null;
        ran++;
      },
    });
  }
  const random = new Random(6003);
  const weather = await endure(
    "functions",
    engine,
    chunksOf(count, () => random.pick(random.chance(firingShare) ? firing : silent)),
  );
  await engine.close();
  if (ran !== weather.runs || ran === 0) throw new Error(`${weather.runs} runs fired, but ${ran} functions ran`);
  return weather;
}

/** Fewer events, whose scripts are processes. */
export async function scriptStorm(): Promise<Weather> {
  return await withFolder(async (folder) => {
    await mkdir(join(folder, "log"));
    await writeFile(join(folder, "frame.pl"), "exit 0;\n", { mode: 0o600 });
    await writeFile(join(folder, "callbacks.conf"), "frame.pl = failed-work-self-*\n", { mode: 0o600 });
    const engine = await CallbackEngine.open({ directories: [folder], logPath: join(folder, "log"), strict: true });
    const random = new Random(6004);
    const made = (name: string, count: number) =>
      Array.from({ length: count }, () => flat(`${name}-work-${random.between(1, 1000)}-${random.between(1, 1000)}`));
    const silent = made("complete", sized(50_000, 10_000));
    const firing = made("failed", sized(1000, 100));
    let failures = 0;
    engine.on("run", ({ state }) => {
      if (state !== "queued" && state !== "running" && state !== "succeeded") failures++;
    });
    const weather = await endure(
      "scripts",
      engine,
      chunksOf(sized(50_000, 2000), () => random.pick(random.chance(firingShare) ? firing : silent)),
    );
    await engine.close();
    if (failures > 0 || weather.runs === 0) throw new Error(`${failures} of ${weather.runs} scripts did not succeed`);
    return weather;
  });
}

function fires(trie: MapTrie, event: string): boolean {
  let matches = 0;
  trie.match(event, () => {
    matches++;
  });
  return matches > 0;
}

function* chunksOf(count: number, make: () => string): Generator<string[]> {
  for (let made = 0; made < count; made += perChunk) {
    yield Array.from({ length: Math.min(perChunk, count - made) }, make);
  }
}
