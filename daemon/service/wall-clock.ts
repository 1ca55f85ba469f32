import { hostClock } from "../ports/clock.js";
import type { Instant, Seconds } from "../types/units.js";

// Interlocks: HO-09.

/** Motion goes by the monotonic clock; dates of logs, tokens and calibrations go by the wall clock. */
const MOST_DRIFT: Seconds = 1;
const LOOK_EVERY_MS = 1000;

/** Notices when the wall clock has moved against the monotonic one by more than a second since it was last told of. */
export class WallClockDrift {
  #offset: Seconds | null = null;

  /** By how much it moved, seconds; null for at most one. */
  look(now: Instant, wallTime: Seconds): Seconds | null {
    const offset = wallTime - now;
    this.#offset ??= offset;
    const moved = offset - this.#offset;
    if (Math.abs(moved) <= MOST_DRIFT) {
      return null;
    }
    this.#offset = offset;
    return moved;
  }
}

/** Looks once a second; returns what ends it. */
export function watchWallClock(onMoved: (seconds: Seconds) => void): () => void {
  const drift = new WallClockDrift();
  const look = (): void => {
    const moved = drift.look(hostClock.now(), Date.now() / 1000);
    if (moved !== null) {
      onMoved(moved);
    }
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}
