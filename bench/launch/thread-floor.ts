import { Worker } from "node:worker_threads";
import type { Launching } from "./launching.js";

export const threadFloorName = "floor: a thread that launches nothing";

/** About as long as a launch takes a thread that does nothing else. */
const millisecondsEach = 0.4;

const source = `
const { workerData: { signal, milliseconds }, parentPort } = require("node:worker_threads");
const never = new Int32Array(new SharedArrayBuffer(4));
for (let done = 0; ; done++) {
  for (let asked; (asked = Atomics.load(signal, 0)) === done; ) Atomics.wait(signal, 0, asked);
  if (Atomics.load(signal, 1) !== 0) break;
  Atomics.wait(never, 0, 0, milliseconds);
  parentPort.postMessage(0);
}
`;

/** Wakes a thread and hears of it: what handing over costs the event loop, whatever the thread does. */
export function threadFloor(): Launching {
  const signal = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(source, { eval: true, workerData: { signal, milliseconds: millisecondsEach } });
  const waiting: ((exitCode: number) => void)[] = [];
  worker.on("message", (exitCode: number) => waiting.shift()?.(exitCode));
  const wake = () => {
    Atomics.add(signal, 0, 1);
    Atomics.notify(signal, 0);
  };
  return {
    name: threadFloorName,
    launch(_output, ended) {
      waiting.push(ended);
      wake();
    },
    async close() {
      Atomics.store(signal, 1, 1);
      wake();
      await worker.terminate();
    },
  };
}
