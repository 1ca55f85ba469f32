import type { Instant } from "../types/units.js";

// Interlocks: HO-09.

/** The host's monotonic clock. */
export interface Clock {
  now(): Instant;
}

/** Host monotonic time in seconds; the same in every process of the host. */
export const hostClock: Clock = {
  now: () => {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds + nanoseconds * 1e-9;
  },
};
