import { expect, test } from "vitest";
import { openSilent } from "../support/silent-engine.js";

test("a hundred thousand runs of one job do not hold up another's", async () => {
  const engine = await openSilent(4);
  const order: number[] = [];
  const limits = { queue: 100_010 };
  engine.register({
    on: "complete-work-self-*",
    limits,
    run: async ({ job }) => {
      await null;
      order.push(job.id);
    },
  });
  for (let frame = 0; frame < 100_000; frame++) engine.emit(`complete-work-1-${frame}`);
  expect(engine.load.queued).toBe(100_000);
  for (let frame = 0; frame < 10; frame++) engine.emit(`complete-work-2-${frame}`);
  await engine.idle();
  expect(order.length).toBe(100_010);
  expect(order.lastIndexOf(2)).toBeLessThan(30);
});
