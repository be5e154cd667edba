import { readdirSync } from "node:fs";
import { expect, onTestFinished, test, vi } from "vitest";
import { CallbackEngine, type CloseMode, type Run, UcbError } from "../../lib/index.js";
import { isAlive } from "../support/process-state.js";
import { Random } from "../support/random.js";
import { heldBeyond, holdings } from "../support/scenarios/holdings.mjs";
import { type TemporarySite, temporarySite } from "../support/temporary-site.js";

const seed = Number(process.env.UCB_SEED ?? Date.now() % 2 ** 31);
const events = 6;
/** The site's and a function. */
const callbacks = 6;

const files = {
  "callbacks.conf": `quick.pl = complete-work-self-*
fails.pl = complete-work-self-*
later.pl = complete-work-self-*
stubborn.pl = complete-work-self-*
note.qcb = complete-work-self-*
[later.pl]
retry = 1, 10ms
`,
  "quick.pl": 'print "here\\n";\n',
  "fails.pl": "select(undef, undef, undef, 0.02); kill KILL => $$ if rand() < 0.5; exit 3;\n",
  "later.pl": "exit($ENV{UCB_ATTEMPT} == 1 ? 75 : 0);\n",
  "stubborn.pl": '$SIG{TERM} = "IGNORE"; my @jobs = qb::jobinfo("-id", 77); select(undef, undef, undef, 0.1);\n',
  "note.qcb": "unblock-self\n",
};

/**
 * Emits everything and closes at a moment of the engine's life: in the middle of being told of the n-th change of a run,
 * just after that, or some turns of the event loop later.
 */
async function closeAtSomeMoment(random: Random, engine: CallbackEngine, close: () => Promise<void>): Promise<void> {
  let changes = random.below(events * callbacks * 3);
  const turns = random.pick([-1, 0, 0, 1, random.below(200)]);
  if (changes === 0) emitAll(engine);
  else {
    const closed = await new Promise<Promise<void> | null>((resolve) => {
      engine.on("run", () => {
        changes--;
        if (changes === 0) resolve(turns < 0 ? close() : null);
      });
      emitAll(engine);
      // Fewer changes may come than are waited for.
      void engine.idle().then(() => resolve(null));
    });
    if (closed !== null) return closed;
  }
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  return close();
}

function emitAll(engine: CallbackEngine): void {
  try {
    for (let frame = 1; frame <= events; frame++) engine.emit(`complete-work-${frame}-${frame}`);
  } catch (error) {
    // It has been closed in the middle of this.
    if (!(error instanceof UcbError) || error.code !== "ERR_UCB_CLOSED") throw error;
  }
}

async function round(site: TemporarySite, random: Random, running: CloseMode): Promise<void> {
  const engine = await CallbackEngine.open({
    ...{ directories: [site.directory], logPath: site.logPath, killAfterMs: 20 },
    maxRunning: random.pick([1, 4, 100]),
  });
  const told: Run[] = [];
  engine.on("run", (run) => told.push(run));
  engine.register({ name: "function", on: "complete-work-self-*", run: () => new Promise(setImmediate) });
  await closeAtSomeMoment(random, engine, () => {
    const closing = engine.close({ running });
    expect(() => engine.emit("complete-work-1-1")).toThrow(expect.objectContaining({ code: "ERR_UCB_CLOSED" }));
    expect(engine.close({ running })).toBe(closing);
    return closing;
  });
  const heard = told.length;

  const last = new Map(told.map((run) => [run.id, run]));
  expect(last.size).toBeGreaterThan(0);
  const left = [...last.values()].filter(({ endedAt }) => endedAt === null);
  if (running === "leave") {
    // Those that are only being prepared are missing below: see the test at the end.
    for (const run of left) {
      expect(run).toMatchObject(run.state === "running" ? { pid: expect.any(Number) } : { state: "queued", pid: null });
    }
    await vi.waitUntil(() => !left.some(({ pid }) => pid !== null && isAlive(pid)), { timeout: 30_000 });
  } else expect(left).toEqual([]);
  for (const { state, code, reason } of last.values()) {
    if (state === "dropped") expect({ running, code, reason }).not.toMatchObject({ running: "wait" });
    if (state === "failed") expect(reason).not.toBeNull();
  }
  // Each run ends once, and nothing is told of a closed engine.
  expect(told.filter(({ endedAt }) => endedAt !== null)).toHaveLength(last.size - left.length);
  expect(told).toHaveLength(heard);
}

test.each(["wait", "leave", "terminate"] as const)(
  `close (%s) at any moment ends every run once and leaves nothing behind (UCB_SEED=${seed})`,
  async (running) => {
    const site = temporarySite(files);
    const temporary = process.env.TMPDIR;
    process.env.TMPDIR = site.path(".");
    onTestFinished(() => {
      if (temporary === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = temporary;
    });
    const random = new Random(seed);
    await round(site, random, running);
    const before = holdings();
    for (let index = 0; index < 12; index++) await round(site, random, running);
    expect(await heldBeyond(before)).toEqual({ descriptors: 0, threads: 0, children: 0 });
    expect(readdirSync(site.path(".")).filter((name) => name.startsWith("ucb-bridge-"))).toEqual([]);
    const outputs = readdirSync(site.logPath, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".out"),
    );
    if (running !== "leave") expect(outputs).toEqual([]);
  },
);

test("an engine being closed takes no event, from those who hear of dropped runs neither", async () => {
  const engine = await CallbackEngine.open({ directories: [], maxRunning: 1 });
  engine.register({ name: "function", on: "complete-work-self-*", run: () => new Promise(setImmediate) });
  const answers: unknown[] = [];
  engine.on("run", ({ state }) => {
    // Not for ever, so that this can be told.
    if (state !== "dropped" || answers.length >= 5) return;
    try {
      answers.push(engine.emit("complete-work-2-2"));
    } catch (error) {
      answers.push((error as UcbError).code);
    }
  });
  emitAll(engine);
  await engine.close({ running: "terminate" });
  expect(answers).toEqual(Array(5).fill("ERR_UCB_CLOSED"));
});

test("close (leave) tells of the end of runs that have no process yet", async () => {
  const site = temporarySite(files);
  for (let turns = 0; turns < 40; turns++) {
    const engine = await CallbackEngine.open({ directories: [site.directory], logPath: site.logPath });
    const last = new Map<string, Run>();
    engine.on("run", (run) => last.set(run.id, run));
    emitAll(engine);
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    await engine.close({ running: "leave" });
    expect([...last.values()].filter(({ state }) => state === "queued")).toEqual([]);
  }
});
