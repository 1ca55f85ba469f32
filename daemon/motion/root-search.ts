/** A function value this near to zero is zero; of a way in rad: a frame resolves 1.7e-5. */
const MET = 1e-12;
/** Beyond these a function has no place where it comes near to zero, only one where it jumps. */
const ROUNDS = 50;

/**
 * Where a rising function is zero in [lowest, highest]; the end that is nearest to it where it is zero nowhere between
 * them. Calls the function at most 52 times: false position that halves the weight of an end that stays put
 * (Dowell and Jarratt, "A modified regula falsi method", BIT 11, 1971: the Illinois method).
 */
export function risingRoot(rising: (x: number) => number, lowest: number, highest: number): number {
  let low = { x: lowest, y: rising(lowest) };
  if (low.y >= 0) {
    return lowest;
  }
  let high = { x: highest, y: rising(highest) };
  if (high.y <= 0) {
    return highest;
  }
  let side = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const x = (low.x * high.y - high.x * low.y) / (high.y - low.y);
    const y = rising(x);
    if (Math.abs(y) < MET) {
      return x;
    }
    if (y > 0) {
      high = { x, y };
      low = side > 0 ? { x: low.x, y: low.y / 2 } : low;
      side = 1;
    } else {
      low = { x, y };
      high = side < 0 ? { x: high.x, y: high.y / 2 } : high;
      side = -1;
    }
  }
  return low.x;
}
