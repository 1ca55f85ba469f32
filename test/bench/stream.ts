import type { Arrival, Violations } from "../../drivers/virtual-lab/controller/arrivals.js";
import { type BenchOptions, type BenchSession, startBench } from "./session.js";
import { machine, quantile, toMs } from "./statistics.js";

/** How evenly setpoints reach the controller. */
export interface StreamFigures {
  readonly period_ms: number;
  readonly frames: number;
  /** Against the grid of the stream's period through the earliest arrival. */
  readonly lateness_ms: { readonly p50: number; readonly p99: number; readonly p999: number; readonly max: number };
  readonly gaps_over_20_ms: number;
  /** Of 10 periods or more: the stream ended and began anew, or nothing was read for that long. */
  readonly pauses: number;
  /** How late the arm process's own ticks were since it started, and how many it left out. */
  readonly sender: { readonly p99_ms: number; readonly max_ms: number; readonly skipped: number } | null;
  /** How often the vendor's rules of the stream were broken, over all of them. */
  readonly rule_violations: number;
  readonly rules: Violations;
  readonly scheduling: string;
  readonly machine: { readonly cores: number; readonly load: number };
}

/** Streams for `seconds` while the policy runs and the cameras are served; stamped by the virtual controller. */
export async function benchStream(options: BenchOptions & { readonly seconds: number }): Promise<StreamFigures> {
  const bench = await startBench(options);
  try {
    const { arm } = await bench.status();
    const period = (arm?.periodMs ?? 10) / 1000;
    await bench.lab.clearArrivals();
    let sender: StreamFigures["sender"] = null;
    bench.client.onMessage((message) => {
      if (message.type === "state") {
        const { latenessP99Ms, latenessMaxMs, skippedTicks } = message.stream;
        sender = { p99_ms: latenessP99Ms, max_ms: latenessMaxMs, skipped: skippedTicks };
      }
    });
    await streamFor(bench, options.seconds, options.progress);
    const { records, violations } = await bench.lab.arrivals();
    const frames = records.filter(({ command }) => command === "movej_canfd");
    return {
      period_ms: toMs(period),
      frames: frames.length,
      ...streamFigures(frames, period),
      sender,
      rule_violations: Object.values(violations).reduce((sum, count) => sum + count, 0),
      rules: violations,
      scheduling: arm?.scheduling ?? "unknown",
      machine: machine(),
    };
  } finally {
    await bench.close();
  }
}

/** Resolves after `seconds`, in the middle of a task; rejects when the tasks cannot go on. */
async function streamFor(bench: BenchSession, seconds: number, progress: BenchOptions["progress"]): Promise<void> {
  const endsAt = performance.now() + seconds * 1000;
  const told = setInterval(() => {
    progress(`streaming, ${Math.max(0, Math.round((endsAt - performance.now()) / 1000))} s left`);
  }, 5000);
  const moving = bench.keepMoving(() => performance.now() > endsAt);
  // The task that is under way then is cut off with the system, and says so.
  moving.catch(() => undefined);
  try {
    await Promise.race([moving, new Promise((resolve) => setTimeout(resolve, seconds * 1000))]);
  } finally {
    clearInterval(told);
  }
}

/** Arrivals are sorted into bins this wide to find the grid, s. */
const BIN = 0.00005;

/**
 * Lateness of each frame against the stream's grid, and gaps between frames. The grid's phase is where most frames
 * arrive, moved forward to the earliest hundredth of them; a frame more than a period late shows as a gap. A pause of
 * 10 periods or more is counted as a pause, and what follows has a grid of its own.
 */
export function streamFigures(
  frames: readonly Pick<Arrival, "at">[],
  period: number,
): Pick<StreamFigures, "lateness_ms" | "gaps_over_20_ms" | "pauses"> {
  const lateness: number[] = [];
  let gaps = 0;
  let pauses = 0;
  let stretch: number[] = [];
  const flush = (): void => {
    const start = stretch[0] ?? 0;
    const phases = stretch.map((at) => (at - start) % period);
    const mode = densest(phases, period);
    // From a quarter of a period early to three quarters late.
    const signed = phases.map((phase) => ((phase - mode + 1.25 * period) % period) - period / 4);
    const earliest = quantile(signed, 0.01);
    lateness.push(...signed.map((offset) => Math.max(0, offset - earliest)));
    stretch = [];
  };
  for (const { at } of frames) {
    const before = stretch.at(-1);
    if (before !== undefined && at - before >= 10 * period) {
      pauses += 1;
      flush();
    } else if (before !== undefined && at - before > 0.02) {
      gaps += 1;
    }
    stretch.push(at);
  }
  flush();
  const at = (fraction: number): number => toMs(quantile(lateness, fraction));
  return { lateness_ms: { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) }, gaps_over_20_ms: gaps, pauses };
}

/** The phase around which most of `phases` lie. */
function densest(phases: readonly number[], period: number): number {
  const counts = new Array<number>(Math.ceil(period / BIN)).fill(0);
  for (const phase of phases) {
    const bin = Math.min(counts.length - 1, Math.floor(phase / BIN));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return (counts.indexOf(Math.max(...counts)) + 0.5) * BIN;
}
