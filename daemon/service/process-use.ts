import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import type { Resources } from "../types/resources.js";
import type { Seconds } from "../types/units.js";

// Interlocks: HO-08.

/** Once a second (a leak takes minutes, and a busy loop is judged over seconds). */
const PERIOD_MS = 1000;

/** A process's bounds. */
export interface UseBounds {
  /** Of its own resident memory, bytes. */
  readonly memory: number;
  /** Soft limit of open descriptors. */
  readonly descriptors: number;
  /** The unit that it runs in, where the service manager bounds its memory; null elsewhere. */
  readonly unit: UnitMemory | null;
}

/** Memory of a control group. */
export interface UnitMemory {
  /** Its statistics. */
  readonly file: string;
  /** Its `memory.high`, bytes. */
  readonly high: number;
}

/** This process's bounds, `mostMemory` bytes for itself. */
export function useBounds(mostMemory: number): UseBounds {
  const limit = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return { memory: mostMemory, descriptors: Number(limit === "unlimited" ? Infinity : limit), unit: unitMemory() };
}

/** The control group (version 2) whose `memory.high` the service manager has set. */
function unitMemory(): UnitMemory | null {
  const path = /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1];
  try {
    const folder = `/sys/fs/cgroup${path}`;
    const high = Number(readFileSync(`${folder}/memory.high`, "utf8"));
    return Number.isFinite(high) ? { file: `${folder}/memory.stat`, high } : null;
  } catch {
    // No such file where nothing bounds it, as in a shell or under version 1.
    return null;
  }
}

/**
 * Reads once a second what this process uses. That of itself comes from `/proc`, which takes 30 us and waits for no disk;
 * the unit's statistics may take the kernel longer, and are read beside the event loop. `waited` is for how long the event
 * loop has been blocked on purpose so far, which is no work. Returns what ends it.
 */
export function watchUse(
  bounds: UseBounds,
  onUse: (used: Resources) => void,
  waited: () => Seconds = () => 0,
): () => void {
  let loop = performance.eventLoopUtilization();
  let blocked = waited();
  let ended = false;
  const read = async (): Promise<void> => {
    const before = loop;
    loop = performance.eventLoopUtilization();
    const { active, idle } = performance.eventLoopUtilization(loop, before);
    const blockedBefore = blocked;
    blocked = waited();
    const busy = Math.max(0, active - (blocked - blockedBefore) * 1000) / (active + idle);
    const own = partOf(() => process.memoryUsage.rss(), bounds.memory);
    const descriptors = partOf(openDescriptors, bounds.descriptors);
    const ofUnit = bounds.unit === null ? 0 : await unreclaimable(bounds.unit);
    if (!ended) {
      timer = setTimeout(read, PERIOD_MS);
      onUse({ memory: Math.max(own, ofUnit), descriptors, busy });
    }
  };
  let timer = setTimeout(read, PERIOD_MS);
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

/** What cannot be read counts as used up: it takes a descriptor, and a little memory, to read it. */
function partOf(read: () => number, most: number): number {
  try {
    const part = read() / most;
    return part >= 0 ? part : 1;
  } catch {
    return 1;
  }
}

/** But for the one that reading takes. */
function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length - 1;
}

/** Files that the system has cached for the unit it takes back by itself; a recording fills memory with them. */
async function unreclaimable({ file, high }: UnitMemory): Promise<number> {
  try {
    const text = await readFile(file, "utf8");
    return partOf(() => Number(/^anon (\d+)$/m.exec(text)?.[1]), high);
  } catch {
    return 1;
  }
}
