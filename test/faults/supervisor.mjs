// A supervisor under load, to be killed: reports events to a durable engine for as long as it lives. In `sent` it writes
// what it is about to report, in `flushed` what is durable since; both are files that outlive it.
import { appendFileSync } from "node:fs";
import { CallbackEngine } from "../../dist/index.js";

const { folder, directory, life, drain } = JSON.parse(process.argv[2]);
const engine = await CallbackEngine.open({
  directories: [directory],
  logPath: `${folder}/log`,
  state: `${folder}/state`,
  maxRunning: 12,
});
const counts = { recovered: engine.load.queued + engine.load.running, repeated: 0, problems: 0 };
engine.on("run", ({ state, attempt }) => {
  if (state === "running" && attempt > 1) counts.repeated++;
});
engine.on("problem", ({ message }) => process.stderr.write(`${message}\n`));
process.stdout.write(`${JSON.stringify(counts)}\n`);

if (drain) {
  await engine.idle();
  await engine.close();
  process.exit();
}

// Two jobs in each round: one whose frames fail, and one whose label the other's trigger waits for.
let number = 0;
const turn = () => new Promise((resolve) => setImmediate(resolve));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
for (;;) {
  const id = life * 1_000_000 + 10 * ++number;
  const events = [
    { name: "submit", type: "job", jobId: id, job: { id, pgrp: id, label: "", name: `job ${id}` } },
    { name: "submit", type: "job", jobId: id + 1, job: { id: id + 1, pgrp: id, label: "lamp" } },
    `failed-work-${id}-1`,
    `running-work-${id}-2`,
    `complete-job-${id + 1}`,
    `failed-job-${id}`,
  ];
  for (const [index, event] of events.entries()) {
    const text = typeof event === "string" ? event : `${event.name}-${event.type}-${event.jobId}`;
    appendFileSync(`${folder}/sent`, `${text}\n`);
    engine.emit(event);
    if (Math.random() < 0.3) await turn();
    if (index === events.length - 1 || Math.random() < 0.2) {
      await engine.flush();
      appendFileSync(`${folder}/flushed`, `${id} ${index}\n`);
    }
  }
  // Callbacks take longer than events: a queue of some hundreds is what a kill should find, and not ever more.
  while (engine.load.queued > 300) await pause(5);
}
