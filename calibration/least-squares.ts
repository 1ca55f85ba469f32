/** Solves the square system m x = v (m row by row) by elimination with pivots; null where it has no single solution. */
export function solveLinear(m: readonly (readonly number[])[], v: readonly number[]): readonly number[] | null {
  const rows = m.map((row, index) => [...row, v[index] ?? 0]);
  const n = rows.length;
  const largest = Math.max(...rows.flat().map(Math.abs), Number.MIN_VALUE);
  for (let column = 0; column < n; column++) {
    let best = column;
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(rows[row]?.[column] ?? 0) > Math.abs(rows[best]?.[column] ?? 0)) {
        best = row;
      }
    }
    const [pivot, other] = [rows[best], rows[column]];
    if (pivot === undefined || other === undefined || Math.abs(pivot[column] ?? 0) < 1e-14 * largest) {
      return null;
    }
    rows[best] = other;
    rows[column] = pivot;
    for (const [index, row] of rows.entries()) {
      if (index !== column) {
        const factor = (row[column] ?? 0) / (pivot[column] ?? 1);
        for (let k = column; k <= n; k++) {
          row[k] = (row[k] ?? 0) - factor * (pivot[k] ?? 0);
        }
      }
    }
  }
  return rows.map((row, index) => (row[n] ?? 0) / (row[index] ?? 1));
}

/** Least squares of the overdetermined system m x = v; null where the rows do not fix x. */
export function leastSquares(m: readonly (readonly number[])[], v: readonly number[]): readonly number[] | null {
  const n = m[0]?.length ?? 0;
  const normal = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const right = new Array<number>(n).fill(0);
  m.forEach((row, index) => {
    for (let i = 0; i < n; i++) {
      right[i] = (right[i] ?? 0) + (row[i] ?? 0) * (v[index] ?? 0);
      const into = normal[i];
      for (let j = 0; into !== undefined && j < n; j++) {
        into[j] = (into[j] ?? 0) + (row[i] ?? 0) * (row[j] ?? 0);
      }
    }
  });
  return solveLinear(normal, right);
}

const MOST_ROUNDS = 60;
const STEP = 1e-6;
/** A round that gains less than this part is the last. */
const LEAST_GAIN = 1e-10;

/** Parameters that make the residuals' sum of squares least, from a start near them (Levenberg, Marquardt). */
export function refine(start: readonly number[], residuals: (x: readonly number[]) => readonly number[]) {
  let x = start;
  let r = residuals(x);
  let cost = sumOfSquares(r);
  let damping = 1e-3;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const columns = x.map((value, at) => {
      const moved = residuals(x.with(at, value + STEP));
      return r.map((before, index) => ((moved[index] ?? 0) - before) / STEP);
    });
    const normal = columns.map((a) => columns.map((b) => a.reduce((sum, value, k) => sum + value * (b[k] ?? 0), 0)));
    const right = columns.map((a) => -a.reduce((sum, value, k) => sum + value * (r[k] ?? 0), 0));
    let gained = 0;
    while (damping < 1e9) {
      const damped = normal.map((row, i) => row.map((value, j) => (i === j ? value * (1 + damping) + 1e-12 : value)));
      const step = solveLinear(damped, right);
      const next = step === null ? x : x.map((value, at) => value + (step[at] ?? 0));
      const after = residuals(next);
      const reached = sumOfSquares(after);
      if (reached < cost) {
        gained = (cost - reached) / cost;
        [x, r, cost, damping] = [next, after, reached, damping / 10];
        break;
      }
      damping *= 10;
    }
    if (gained < LEAST_GAIN) {
      break;
    }
  }
  return { x, rms: Math.sqrt(cost / Math.max(1, r.length)) };
}

function sumOfSquares(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}
