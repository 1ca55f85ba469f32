import { DriverError } from "../../daemon/types/driver-error.js";
import type { Seconds } from "../../daemon/types/units.js";

/** Waits before the attempts after the first, second, ... failure in a row; the last goes on for ever. */
const DELAYS: readonly Seconds[] = [0.5, 1, 2, 4, 5];

/** How long to wait before the next attempt after `failures` (1 or more) in a row. */
export function reconnectDelay(failures: number): Seconds {
  return DELAYS[Math.min(failures, DELAYS.length) - 1] ?? 0.5;
}

/**
 * Calls `connect` until it succeeds, and `failed` with each DriverError. Gives null when `wait` says to give up, and
 * throws what is not a DriverError.
 */
export async function connectPersistently<T>(
  connect: () => Promise<T>,
  failed: (error: DriverError, retryIn: Seconds) => void,
  wait: (seconds: Seconds) => Promise<"again" | "give-up">,
): Promise<T | null> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await connect();
    } catch (error) {
      if (!(error instanceof DriverError)) {
        throw error;
      }
      const delay = reconnectDelay(failures);
      failed(error, delay);
      if ((await wait(delay)) === "give-up") {
        return null;
      }
    }
  }
}
