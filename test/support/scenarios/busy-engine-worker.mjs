// A worker whose engine always has runs waiting, starting, running and ending, until it is ended from outside or closes.
import { parentPort, workerData } from "node:worker_threads";
import { CallbackEngine } from "../../../dist/index.js";

const { way, directory, logPath } = workerData;
const engine = await CallbackEngine.open({ directories: [directory], logPath, killAfterMs: 50, maxRunning: 8 });
engine.register({ name: "function", on: "complete-work-self-*", run: () => new Promise(setImmediate) });
let ended = 0;
let closing = false;
let frame = 0;
engine.on("run", (run) => {
  if (run.endedAt === null) return;
  ended += 1;
  if (ended === 8) parentPort.postMessage("at work");
  if (ended === 12 && way === "exit when told") process.exit(0);
  if (ended === 12 && way === "throw when told") throw new Error("on purpose");
  if (ended === 12 && way.startsWith("close ")) close(way.slice("close ".length));
  else if (!closing) emit();
});

function emit() {
  frame += 1;
  engine.emit(`complete-work-1-${frame}`);
}

function close(running) {
  closing = true;
  engine.close({ running }).then(() => parentPort.postMessage("closed"));
}

for (let index = 0; index < 4; index += 1) emit();
