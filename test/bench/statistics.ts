import { availableParallelism, loadavg } from "node:os";

export { quantile } from "../../daemon/evaluation/quantile.js";

/** The machine that a figure was measured on. */
export function machine(): { readonly cores: number; readonly load: number } {
  return { cores: availableParallelism(), load: Number((loadavg()[0] ?? 0).toFixed(2)) };
}

/** Milliseconds with two decimals from seconds. */
export function toMs(seconds: number): number {
  return Number((seconds * 1000).toFixed(3));
}
