// A supervisor that does what its standard input says, a JSON document a line, and answers each with one.
import { createInterface } from "node:readline";
import { CallbackEngine } from "../../../dist/index.js";
import { heldBeyond, holdings } from "./holdings.mjs";

let engine;
/** The runs of the event that is being emitted. */
let fired = [];
const ended = new Map();
const waiting = new Map();

const commands = {
  /** Empties the space of new objects, twice: both halves of it are memory of the process then, and stay so. */
  collectNew: () => {
    for (let half = 0; half < 2; half++) gc({ type: "minor" });
  },
  holdings: () => holdings(),
  heldBeyond: (before) => heldBeyond(before),
  async open(options) {
    engine = await CallbackEngine.open(options);
    // What goes on whatever happens to scripts: it needs neither process nor descriptor.
    engine.register({ name: "onlooker", on: "blocked-job-self", run: () => undefined });
    engine.on("run", note);
    return engine.diagnostics;
  },
  async emit(event) {
    fired = [];
    engine.emit(event);
    return await Promise.all(fired.map(endOf));
  },
  async close(options) {
    await engine.close(options);
  },
};

function note(run) {
  if (run.state === "queued" && run.attempt === 1) fired.push(run.id);
  if (run.endedAt === null) return;
  ended.set(run.id, run);
  waiting.get(run.id)?.();
}

async function endOf(id) {
  if (!ended.has(id)) await new Promise((resolve) => waiting.set(id, resolve));
  const run = ended.get(id);
  ended.delete(id);
  waiting.delete(id);
  return run;
}

async function answer({ id, name, argument }) {
  try {
    return { id, result: (await commands[name](argument)) ?? null };
  } catch (error) {
    return { id, error: { ...error, message: error.message } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  void answer(JSON.parse(line)).then((answered) => process.stdout.write(`${JSON.stringify(answered)}\n`));
}
