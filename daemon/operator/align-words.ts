/** How two lists of words differ. */
export interface WordAlignment {
  /** Words to insert, remove or replace (Levenshtein). */
  readonly distance: number;
  /** Words that stand in each other's place along one cheapest way, equal or not: [given, other]. */
  readonly pairs: readonly (readonly [string, string])[];
}

/** Aligns words with as few insertions, removals and replacements as possible. */
export function alignWords(given: readonly string[], other: readonly string[]): WordAlignment {
  const rows: number[][] = [other.map((_, j) => j).concat(other.length)];
  const cost = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  const change = (i: number, j: number): number => (given[i - 1] === other[j - 1] ? 0 : 1);
  given.forEach((_, index) => {
    const row = [index + 1];
    rows.push(row);
    for (let j = 1; j <= other.length; j += 1) {
      const i = index + 1;
      row.push(Math.min(cost(i - 1, j - 1) + change(i, j), cost(i - 1, j) + 1, (row[j - 1] ?? 0) + 1));
    }
  });
  const pairs: (readonly [string, string])[] = [];
  let [i, j] = [given.length, other.length];
  while (i > 0 && j > 0) {
    if (cost(i, j) === cost(i - 1, j - 1) + change(i, j)) {
      i -= 1;
      j -= 1;
      pairs.unshift([given[i] ?? "", other[j] ?? ""]);
    } else if (cost(i, j) === cost(i - 1, j) + 1) {
      i -= 1;
    } else {
      j -= 1;
    }
  }
  return { distance: cost(given.length, other.length), pairs };
}
