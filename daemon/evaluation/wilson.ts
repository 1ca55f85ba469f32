/** 95 % Wilson score interval of a success rate, as [low, high] in 0..1; [0, 1] without trials. */
export function wilsonInterval(successes: number, trials: number): readonly [number, number] {
  if (trials === 0) {
    return [0, 1];
  }
  // Two-sided 95 % quantile of the normal distribution.
  const z = 1.959964;
  const rate = successes / trials;
  const denominator = 1 + (z * z) / trials;
  const centre = (rate + (z * z) / (2 * trials)) / denominator;
  const half = (z / denominator) * Math.sqrt((rate * (1 - rate)) / trials + (z * z) / (4 * trials * trials));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
