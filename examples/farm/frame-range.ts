const most = 10_000;

/**
 * The frames of a range such as `1-10`, `1-9x2` (every second) or `1-3,8,12-14`, in its order.
 * @throws Error that says which part is no range
 */
export function expandRange(range: string): string[] {
  const frames: string[] = [];
  for (const part of range.split(",")) {
    const match = /^\s*(\d+)(?:-(\d+)(?:x(\d+))?)?\s*$/.exec(part);
    if (match === null) throw new Error(`range: "${part.trim()}" is neither a frame nor a range such as 1-10`);
    const first = Number(match[1]);
    const last = Number(match[2] ?? first);
    const step = Number(match[3] ?? 1);
    if (last < first || step < 1) throw new Error(`range: "${part.trim()}" has no frames`);
    if (frames.length + (last - first) / step >= most) throw new Error(`range: more than ${most} frames`);
    for (let frame = first; frame <= last; frame += step) frames.push(String(frame));
  }
  return frames;
}
