/** Memory that is held only to be there. In pieces, as a JavaScript heap is, so that no huge pages make forking cheap. */
const ballast: Buffer[] = [];

/** Makes the process hold at least `mebibytes` and returns how many it holds. */
export function holdResident(mebibytes: number): number {
  while (residentMiB() < mebibytes) ballast.push(Buffer.allocUnsafeSlow(2 ** 20).fill(ballast.length + 1));
  return residentMiB();
}

function residentMiB(): number {
  return process.memoryUsage.rss() / 2 ** 20;
}
