/** Most source pixels along one axis that a target pixel touches. */
const REACH = 16;

/** Which source pixels each target pixel covers, and how much of each; `REACH` weights a target. */
function coverage(from: number, to: number): { first: Int32Array; count: Int32Array; weights: Float64Array } {
  const ratio = from / to;
  const first = new Int32Array(to);
  const count = new Int32Array(to);
  const weights = new Float64Array(to * REACH);
  for (let target = 0; target < to; target += 1) {
    const begin = target * ratio;
    const end = begin + ratio;
    const start = Math.floor(begin + 1e-9);
    const stop = Math.min(from, Math.ceil(end - 1e-9));
    first[target] = start;
    count[target] = stop - start;
    for (let pixel = start; pixel < stop; pixel += 1) {
      weights[target * REACH + pixel - start] = (Math.min(end, pixel + 1) - Math.max(begin, pixel)) / ratio;
    }
  }
  return { first, count, weights };
}

/** Shrinks square RGB pictures by exact area weights, as OpenCV's INTER_AREA does. */
export function createAreaResize(from: number, to: number): (rgb: Uint8Array) => Uint8Array {
  if (to > from || Math.ceil(from / to) + 1 > REACH) {
    throw new RangeError(`a picture of ${from} pixels cannot be shrunk to ${to}`);
  }
  const { first, count, weights } = coverage(from, to);
  const row = new Float64Array(3 * from);
  return (rgb) => {
    const small = new Uint8Array(3 * to * to);
    for (let y = 0; y < to; y += 1) {
      row.fill(0);
      const rows = count[y] ?? 0;
      for (let i = 0; i < rows; i += 1) {
        const weight = weights[y * REACH + i] ?? 0;
        const at = 3 * from * ((first[y] ?? 0) + i);
        for (let x = 0; x < 3 * from; x += 1) {
          row[x] = (row[x] ?? 0) + weight * (rgb[at + x] ?? 0);
        }
      }
      for (let x = 0; x < to; x += 1) {
        const columns = count[x] ?? 0;
        let at = 3 * (first[x] ?? 0);
        let r = 0;
        let g = 0;
        let b = 0;
        for (let i = 0; i < columns; i += 1) {
          const weight = weights[x * REACH + i] ?? 0;
          r += weight * (row[at] ?? 0);
          g += weight * (row[at + 1] ?? 0);
          b += weight * (row[at + 2] ?? 0);
          at += 3;
        }
        const into = 3 * (y * to + x);
        small[into] = Math.round(r);
        small[into + 1] = Math.round(g);
        small[into + 2] = Math.round(b);
      }
    }
    return small;
  };
}
