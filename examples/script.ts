/**
 * Callbacks without a callback directory: an engine, a trigger that the compiler checks, and a function.
 *
 *   npx tsx examples/script.ts
 */
import { CallbackEngine, trigger } from "universal-callbacks";

// No directories: functions alone. A supervisor of your own would go here too; without one, the engine remembers the
// records that events carry, and what callbacks ask for is only told.
const engine = await CallbackEngine.open({ directories: [] });

engine.on("action", ({ verb, target, ids, by }) =>
  console.log(`${by.callback} asks: ${verb} ${target} ${ids.join(" ")}`),
);

engine.on("run", ({ callback, event, state, reason }) => {
  if (state === "queued" || state === "running") return;
  console.log(`${callback} on ${event}: ${state}${reason === null ? "" : ` (${reason.split("\n")[0]})`}`);
});

// A typing mistake such as "failed-wrok-self-*" would not compile.
engine.register({
  name: "second-chance",
  on: trigger("failed-work-self-* || timeout-work-self-*"),
  run: async ({ event, job, work, perform }) => {
    console.log(`${job.name}: work item ${event.extra} ${event.name}, attempt ${work?.count ?? "unknown"}`);
    if (work?.count === 2) throw new Error(`${event.extra} failed twice: somebody must look at it`);
    await perform("retry", "work", [`${job.id}:${event.extra}`]);
  },
});

// Remembers both halves for each job and fires when the second one comes.
engine.register({
  name: "all-rendered",
  on: trigger("complete-work-self-left && complete-work-self-right"),
  run: ({ job }) => console.log(`${job.name}: both halves are there`),
});

engine.submit({ id: 1001, name: "shot010", user: "ana", status: "running" });

// As records, or as text, the way events travel; emit answers at once with the number of runs that fired.
engine.emit({ name: "failed", type: "work", jobId: 1001, extra: "left", work: { name: "left", count: 1 } });
const fired = engine.emit("complete-work-1001-right");
console.log(`complete-work-1001-right fired ${fired} runs: the other half is not there yet`);
await engine.idle();

engine.emit("complete-work-1001-left");
engine.emit({ name: "timeout", type: "work", jobId: 1001, extra: "glow", work: { name: "glow", count: 2 } });
await engine.idle();

await engine.close();
