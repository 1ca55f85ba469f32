import type { StreamTicks } from "../../daemon/types/puppet.js";
import type { Instant, Seconds } from "../../daemon/types/units.js";

/** Readings are asked for about this often: of 200 a second every other may be lost and 100 are left. */
export const ASK_EVERY: Seconds = 0.005;

/**
 * So long before a tick its reading is asked for. The arm process stops listening up to 3 ms before a tick is due (it wakes
 * 2 ms before, by a timer that counts whole milliseconds), an answer of 47 bytes takes 1 ms on the line at 460800 baud and
 * up to 1 ms in a USB adapter, and this process's own timer is up to 1 ms off.
 */
export const ASK_BEFORE: Seconds = 0.0055;

/** When to ask for the reading after the one that was asked for at `asked`: in step with the stream, never to catch up. */
export function nextAsk(asked: Instant, { dueAt, period }: StreamTicks): Instant {
  const every = period / Math.max(1, Math.round(period / ASK_EVERY));
  const first = dueAt - ASK_BEFORE;
  return first + Math.ceil((asked + every / 2 - first) / every) * every;
}
