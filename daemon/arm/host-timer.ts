import type { TickTimer } from "./streamer.js";

const never = new Int32Array(new SharedArrayBuffer(4));

/** Waits by the event loop's timers, and exactly by a futex that nobody wakes. */
export const hostTimer: TickTimer = {
  after: (delay, then) => {
    // Timers count whole milliseconds and treat 0 as 1.
    const milliseconds = Math.floor(delay * 1000);
    if (milliseconds < 1) {
      const immediate = setImmediate(then);
      return () => clearImmediate(immediate);
    }
    const timeout = setTimeout(then, milliseconds);
    return () => clearTimeout(timeout);
  },
  block: (delay) => {
    Atomics.wait(never, 0, 0, delay * 1000);
  },
};
