import type { Instant, Seconds } from "../../../daemon/types/units.js";
import type { RunHistory } from "./run-history.js";

/** A joint that was away from everything that it was told lately, at its farthest. */
export interface HeldUp {
  /** 0 to 6. */
  readonly joint: number;
  /** deg. */
  readonly by: number;
}

/** How long before a stop it is looked for. */
const BEFORE: Seconds = 0.3;
/** A joint that moves freely is where it was told to be within this time: the lab's lags by 30 to 40 ms. */
const LATELY: Seconds = 0.15;
/** Farther than this from all of it something has held or pushed a joint, deg; in free motion it is less than 0.7. */
const FREE = 2;
const DEGREE = Math.PI / 180;

/**
 * Whether the arm has met something shortly before `at`: the joint that was held back or pushed aside the farthest, by what the
 * controller recorded, which knows neither the daemon's watch nor its words. A lab whose physics falls behind on a loaded machine looks
 * the same. Null for an arm that moved freely.
 */
export function heldUp({ commands, cycles }: RunHistory, at: Instant): HeldUp | null {
  let farthest: HeldUp = { joint: 0, by: 0 };
  for (const cycle of cycles.filter((one) => one.at >= at - BEFORE && one.at <= at)) {
    const told = commands.flatMap(({ at: sent, q }) => {
      return q !== null && sent <= cycle.at && sent >= cycle.at - LATELY ? [q] : [];
    });
    if (told.length === 0) {
      continue;
    }
    for (const [joint, milliDeg] of cycle.jointMilliDeg.entries()) {
      const angles = told.map((q) => (q[joint] ?? Number.NaN) / DEGREE);
      const measured = milliDeg / 1000;
      const by = Math.max(measured - Math.max(...angles), Math.min(...angles) - measured);
      farthest = by > farthest.by ? { joint, by } : farthest;
    }
  }
  return farthest.by > FREE ? farthest : null;
}
