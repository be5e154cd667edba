import { expect } from "vitest";

/** How much larger the large input is. */
const factor = 8;
/** Milliseconds below which nothing can be measured. */
const floor = 4;

/**
 * Expects that eight times the input costs no more than some eight times the work; what grows with the square costs 64
 * times as much. It is the processor's time of this process that is compared, not the clock's, and one good
 * measurement of several is enough: others on the machine can make work seem longer than it is, but never shorter.
 * @param small a size for which the work takes no more than some milliseconds
 */
export async function expectLinear(work: (size: number) => unknown, small = 4000): Promise<void> {
  const cost = async (size: number): Promise<number> => {
    const started = process.cpuUsage();
    await work(size);
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1000;
  };
  await work(small);
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 6 && least >= factor * 3.5; attempt++) {
    const base = Math.max(await cost(small), floor);
    least = Math.min(least, (await cost(factor * small)) / base);
  }
  expect(least).toBeLessThan(factor * 3.5);
}
