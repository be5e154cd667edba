import { sized } from "../harness/options.js";
import { type Emitter, makeEmitters } from "./emitters.js";

/** What {@link measure} of this program prints, as JSON. */
export interface Allocation {
  name: string;
  bytesPerEvent: number;
}

export const controlName = "control: an object of four fields";

/**
 * Runs with a young generation so large that it is not collected in between: what the heap grows by is what was
 * allocated.
 */
const total = sized(1_000_000, 200_000);
/** Events between two looks at the heap: so many that what the look itself costs is nothing beside them. */
const perChunk = 200_000;
const different = 20_000;

const { emitters, events, close } = await makeEmitters(1000, 4000, different);
let kept: unknown;
const control: Emitter = {
  name: controlName,
  emitAll(all) {
    for (let at = 0; at < all.length; at++) kept = { at, one: at + 1, two: at + 2, three: at + 3 };
    return kept === undefined ? 0 : 1;
  },
};
const allocations = [...emitters, control].map((emitter): Allocation => {
  for (let warmup = 0; warmup < 20; warmup++) emitter.emitAll(events);
  return { name: emitter.name, bytesPerEvent: measure(emitter) };
});
await close();
process.stdout.write(JSON.stringify(allocations));

function measure({ name, emitAll }: Emitter): number {
  let bytes = 0;
  for (let emitted = 0; emitted < total; emitted += perChunk) {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let times = perChunk / different; times > 0; times--) emitAll(events);
    const grown = process.memoryUsage().heapUsed - before;
    if (grown < 0) throw new Error(`${name}: garbage was collected while it was being counted`);
    bytes += grown;
  }
  return bytes / total;
}
