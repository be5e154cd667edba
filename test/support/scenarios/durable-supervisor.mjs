// An engine with a state, told what to do by lines of JSON on stdin; says what happens by lines of JSON on stdout.
import { createInterface } from "node:readline";
import { CallbackEngine } from "../../../dist/index.js";

const { functions = [], memory, ...options } = JSON.parse(process.argv[2]);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

let engine;
try {
  engine = await CallbackEngine.open(options);
} catch ({ code, message, path }) {
  say({ refused: { code, message, path } });
  process.exit(1);
}
engine.on("run", (run) => say({ run }));
engine.on("slow", (run) => say({ slow: run }));
engine.on("action", ({ verb, target, ids }) => say({ action: { verb, target, ids } }));
engine.on("problem", ({ code, message }) => say({ problem: { code, message } }));
engine.on("durability", (problem) => say({ durability: problem === null ? null : problem.code }));
const register = (name, on) =>
  engine.register({ name, on, run: ({ runId }) => say({ called: { name, runId } }), limits: { onLost: "rerun" } });
const hang = (name, on) => engine.register({ name, on, run: () => new Promise(() => say({ hangs: name })) });
for (const { name, on, hangs } of functions) (hangs ? hang : register)(name, on);
say({ opened: process.pid });

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    if (command.emit !== undefined) for (const event of [command.emit].flat()) engine.emit(event);
    if (command.submit !== undefined) engine.submit(command.submit);
    if (command.register !== undefined) register(command.register.name, command.register.on);
    if (command.flush !== undefined) await engine.flush();
    if (command.close !== undefined) await engine.close({ running: command.close });
    if (command.load !== undefined) say({ load: engine.load });
    if (command.counters !== undefined) say({ counters: Object.fromEntries(engine.counters()) });
    say({ done: command });
  } catch ({ code, message }) {
    say({ failed: { code, message } });
  }
  if (command.close !== undefined) break;
}
process.stdin.destroy();
