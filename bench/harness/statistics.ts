/** What several samples of one quantity say. `low` and `high` are the 10th and 90th percentile. */
export interface Figure {
  median: number;
  low: number;
  high: number;
  /** As measured, in the order of the rounds. */
  samples: readonly number[];
}

export function figureOf(samples: readonly number[]): Figure {
  return { median: quantile(samples, 0.5), low: quantile(samples, 0.1), high: quantile(samples, 0.9), samples };
}

/**
 * The value below which `share` (0 to 1) of the samples lie, interpolated between neighbours.
 * @throws RangeError if there are no samples
 */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = Float64Array.from(samples).sort();
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new RangeError("a quantile needs samples");
  return below + (above - below) * (position - Math.floor(position));
}

/**
 * How many times as good `ours` is as `theirs`, round by round: what disturbed a whole round disturbs both sides of its
 * quotient. Above 1 is in our favour.
 */
export function advantage(ours: Figure, theirs: Figure, better: "more" | "less"): Figure {
  const rounds = Math.min(ours.samples.length, theirs.samples.length);
  if (rounds !== ours.samples.length || rounds !== theirs.samples.length) {
    return figureOf([better === "more" ? ours.median / theirs.median : theirs.median / ours.median]);
  }
  const ratios = ours.samples.map((own, round) => {
    const other = theirs.samples[round] ?? Number.NaN;
    return better === "more" ? own / other : other / own;
  });
  return figureOf(ratios);
}
