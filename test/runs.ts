/** How often a property is tried: `usual` times in the tests, as many times that as `KINEVLA_RUNS` says. */
export function runs(usual: number): number {
  return Math.ceil(usual * Number(process.env.KINEVLA_RUNS ?? 1));
}
