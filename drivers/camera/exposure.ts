import type { Instant, Seconds } from "../../daemon/types/units.js";

/** A picture is in hand at most this long after it was exposed; what is told beyond counts on another clock. */
const LONGEST_WAY: Seconds = 2;

/**
 * What a camera tells of when it exposed a picture, in seconds of the host's monotonic clock; null where that cannot be.
 * `capturedAt`: when the picture was in hand.
 */
export function exposureOf(told: number, capturedAt: Instant): Instant | null {
  return told <= capturedAt && told >= capturedAt - LONGEST_WAY ? told : null;
}
