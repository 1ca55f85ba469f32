/** The quantiles that LeRobot keeps of every feature. */
export const QUANTILES = [
  ["q01", 0.01],
  ["q10", 0.1],
  ["q50", 0.5],
  ["q90", 0.9],
  ["q99", 0.99],
] as const;

/** Names of what is kept of every feature beside `count`, in LeRobot's words. */
export const STATISTICS = ["min", "max", "mean", "std", "q01", "q10", "q50", "q90", "q99"] as const;

/** One number a dimension of the feature. */
export type Statistics = Readonly<Record<(typeof STATISTICS)[number], readonly number[]>> & { readonly count: number };

function quantile(sorted: readonly number[], part: number): number {
  const place = part * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (place - Math.floor(place)) * (above - below);
}

function ofColumn(values: readonly number[]): Readonly<Record<(typeof STATISTICS)[number], number>> {
  const sorted = values.toSorted((a, b) => a - b);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const [q01, q10, q50, q90, q99] = QUANTILES.map(([, part]) => quantile(sorted, part));
  return {
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
    mean,
    std: Math.sqrt(variance),
    q01: q01 ?? Number.NaN,
    q10: q10 ?? Number.NaN,
    q50: q50 ?? Number.NaN,
    q90: q90 ?? Number.NaN,
    q99: q99 ?? Number.NaN,
  };
}

function gather(count: number, columns: readonly Readonly<Record<(typeof STATISTICS)[number], number>>[]): Statistics {
  const of = (name: (typeof STATISTICS)[number]): readonly number[] => columns.map((column) => column[name]);
  return {
    count,
    min: of("min"),
    max: of("max"),
    mean: of("mean"),
    std: of("std"),
    q01: of("q01"),
    q10: of("q10"),
    q50: of("q50"),
    q90: of("q90"),
    q99: of("q99"),
  };
}

/** Statistics of rows of numbers, a dimension each, exactly. */
export function statisticsOfRows(rows: readonly (readonly number[])[]): Statistics {
  const width = rows[0]?.length ?? 0;
  const columns = Array.from({ length: width }, (_, dimension) => rows.map((row) => row[dimension] ?? Number.NaN));
  return gather(rows.length, columns.map(ofColumn));
}

const CHANNELS = 3;
const LEVELS = 256;

/** How often each level occurs in each channel of RGB pictures: all that their statistics need. */
export class PictureHistogram {
  readonly counts = new Float64Array(CHANNELS * LEVELS);
  frames = 0;

  add(rgb: Uint8Array): void {
    this.frames += 1;
    for (let at = 0; at < rgb.length; at += 1) {
      const bin = (at % CHANNELS) * LEVELS + (rgb[at] ?? 0);
      this.counts[bin] = (this.counts[bin] ?? 0) + 1;
    }
  }

  merge(other: PictureHistogram): void {
    this.frames += other.frames;
    other.counts.forEach((count, bin) => {
      this.counts[bin] = (this.counts[bin] ?? 0) + count;
    });
  }

  /** A number a channel, levels from 0 to 1 as LeRobot has pictures. */
  statistics(): Statistics {
    const channels = Array.from({ length: CHANNELS }, (_, channel) => {
      const counts = this.counts.subarray(channel * LEVELS, (channel + 1) * LEVELS);
      const total = counts.reduce((sum, count) => sum + count, 0);
      const mean = counts.reduce((sum, count, level) => sum + count * level, 0) / total;
      const variance = counts.reduce((sum, count, level) => sum + count * (level - mean) ** 2, 0) / total;
      const reached = (part: number): number => {
        let sum = 0;
        return counts.findIndex((count) => {
          sum += count;
          return count > 0 && sum >= part * total;
        });
      };
      const [q01, q10, q50, q90, q99] = QUANTILES.map(([, part]) => reached(part) / (LEVELS - 1));
      return {
        min: reached(0) / (LEVELS - 1),
        max: reached(1) / (LEVELS - 1),
        mean: mean / (LEVELS - 1),
        std: Math.sqrt(variance) / (LEVELS - 1),
        q01: q01 ?? Number.NaN,
        q10: q10 ?? Number.NaN,
        q50: q50 ?? Number.NaN,
        q90: q90 ?? Number.NaN,
        q99: q99 ?? Number.NaN,
      };
    });
    return gather(this.frames, channels);
  }
}
