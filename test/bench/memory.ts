import { readdirSync, readFileSync } from "node:fs";
import { type BenchOptions, startBench } from "./session.js";
import { machine } from "./statistics.js";

/** Resident memory of every process but the lab's. */
export interface MemoryFigures {
  /** MiB in all, one value every 10 s. */
  readonly total_mib: readonly number[];
  /** MiB of each process at the end, by name. */
  readonly by_process_mib: Readonly<Record<string, number>>;
  /** Mean of the last quarter less mean of the second quarter, MiB. */
  readonly growth_mib: number;
  readonly seconds: number;
  readonly machine: { readonly cores: number; readonly load: number };
}

const SAMPLE_EVERY_MS = 10_000;

/** Runs tasks for `seconds` and samples what `/proc` says. */
export async function benchMemory(options: BenchOptions & { readonly seconds: number }): Promise<MemoryFigures> {
  const bench = await startBench(options);
  try {
    const roots = bench.system.children.filter(({ name }) => name !== "lab");
    const samples: number[] = [];
    let last: Record<string, number> = {};
    const sample = (): void => {
      last = Object.fromEntries(
        roots.flatMap((child) => family(child.pid).map((pid) => [`${child.name} ${script(pid)}`, residentMib(pid)])),
      );
      samples.push(Math.round(Object.values(last).reduce((sum, mib) => sum + mib, 0)));
      options.progress(`${samples.at(-1)} MiB`);
    };
    const sampling = setInterval(sample, SAMPLE_EVERY_MS);
    const endsAt = performance.now() + options.seconds * 1000;
    try {
      await bench.keepMoving(() => performance.now() > endsAt);
    } finally {
      clearInterval(sampling);
    }
    sample();
    const quarter = Math.max(1, Math.floor(samples.length / 4));
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    return {
      total_mib: samples,
      by_process_mib: last,
      growth_mib: Math.round(mean(samples.slice(-quarter)) - mean(samples.slice(quarter, 2 * quarter))),
      seconds: options.seconds,
      machine: machine(),
    };
  } finally {
    await bench.close();
  }
}

/** A process and all that it started. */
function family(pid: number): number[] {
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid)
    .flatMap((name) => family(Number(name)));
  return [pid, ...children];
}

function parentOf(pid: string): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    // It has ended since the listing.
    return null;
  }
}

function script(pid: number): string {
  const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  return `${
    words
      .find((word) => word.endsWith(".js"))
      ?.split("/")
      .slice(-2)
      .join("/") ?? words[0]
  } ${pid}`;
}

function residentMib(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Math.round(Number(match?.[1] ?? 0) / 1024);
}
