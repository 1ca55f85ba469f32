import type { Clock } from "../ports/clock.js";
import type { Instant, Seconds } from "../types/units.js";
import type { LatenessHistogram } from "./lateness-histogram.js";

// Interlocks: HO-01.

/** How the streamer waits; the real one is `hostTimer`. */
export interface TickTimer {
  /** Runs `then` on the event loop about `delay` from now, at once when it is not positive; returns what cancels it. */
  after(delay: Seconds, then: () => void): () => void;
  /** Blocks the thread for `delay`. */
  block(delay: Seconds): void;
}

/** Counts of the stream; lateness is kept in the histogram. */
export interface TickCounters {
  ticks: number;
  late: number;
  skipped: number;
}

/** A tick later than this counts as late, seconds. */
const LATE: Seconds = 0.001;

/** The event loop wakes this long before the deadline and the rest is waited exactly: a timer is up to 1 ms late. */
const EXACT_WAIT: Seconds = 0.0015;

/** A running streamer. */
export interface Streamer {
  readonly counters: Readonly<TickCounters>;
  stop(): void;
}

/** What a streamer needs. */
export interface StreamerOptions {
  readonly clock: Clock;
  readonly timer: TickTimer;
  readonly period: Seconds;
  readonly histogram: LatenessHistogram;
  /** How long before its deadline a tick runs, so that what it works out is ready by then; less than 1 ms. */
  readonly lead: Seconds;
  /** A tick later than this is missed as well. */
  readonly mostLate: Seconds;
  /** One tick: the deadline that it belongs to, and the instant at which it really runs, `lead` before it. */
  readonly onTick: (dueAt: Instant, now: Instant) => void;
}

/**
 * Calls `onTick` `lead` before absolute deadlines `start + n * period`; lateness is counted from there. Most of the wait
 * is left to the event loop, so that a stop is handled between two ticks; the rest blocks. Missed deadlines are skipped
 * and counted, never caught up; after a tick that is too late the newest deadline is the one to tick for.
 */
export function startStreamer(options: StreamerOptions): Streamer {
  const { clock, timer, period, lead, mostLate, histogram, onTick } = options;
  const start = clock.now();
  const counters: TickCounters = { ticks: 0, late: 0, skipped: 0 };
  let n = 1;
  let cancel = (): void => undefined;

  const approach = (): void => {
    cancel = timer.after(start + n * period - lead - clock.now() - EXACT_WAIT, tick);
  };
  const tick = (): void => {
    const dueAt = start + n * period;
    const early = dueAt - lead - clock.now();
    // Timers may also be a little early.
    if (early > 2 * EXACT_WAIT) {
      approach();
      return;
    }
    if (early > 0) {
      timer.block(early);
    }
    const now = clock.now();
    counters.ticks += 1;
    const lateness = now - (dueAt - lead);
    counters.late += lateness > LATE ? 1 : 0;
    histogram.add(lateness);
    if (now - dueAt > mostLate) {
      const newest = Math.floor((now - start) / period);
      counters.skipped += newest - n;
      n = newest;
    }
    onTick(start + n * period, now);
    const next = Math.max(n + 1, Math.ceil((clock.now() + lead - start) / period));
    counters.skipped += next - n - 1;
    n = next;
    approach();
  };
  approach();
  return {
    counters,
    stop: () => {
      cancel();
    },
  };
}
