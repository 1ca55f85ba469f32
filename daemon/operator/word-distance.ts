/** Words to insert, remove or replace to make one list out of the other (Levenshtein). */
export function wordDistance(from: readonly string[], to: readonly string[]): number {
  let row = to.map((_, column) => column + 1);
  let first = 0;
  for (const word of from) {
    let diagonal = first;
    first += 1;
    let left = first;
    row = row.map((above, column) => {
      const cost = Math.min(above + 1, left + 1, diagonal + (word === to[column] ? 0 : 1));
      diagonal = above;
      left = cost;
      return cost;
    });
  }
  return row.at(-1) ?? first;
}
