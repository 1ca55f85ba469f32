/** How often a property is tried: `usual` times in the tests, as many times more as `KINEVLA_RUNS` says. */
export function runs(usual: number): number {
  return usual * Number(process.env.KINEVLA_RUNS ?? 1);
}
