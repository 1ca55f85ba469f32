import { availableParallelism, loadavg } from "node:os";

/** The value below which the part `fraction` of the values lies (nearest rank); NaN without values. */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(fraction * sorted.length) - 1))] ?? Number.NaN;
}

/** The machine that a figure was measured on. */
export function machine(): { readonly cores: number; readonly load: number } {
  return { cores: availableParallelism(), load: Number((loadavg()[0] ?? 0).toFixed(2)) };
}

/** Milliseconds with two decimals from seconds. */
export function toMs(seconds: number): number {
  return Number((seconds * 1000).toFixed(3));
}
