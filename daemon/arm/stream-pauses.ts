import type { Instant, Seconds } from "../types/units.js";
import { BEAT_PERIOD, SILENT_BEATS } from "./guardian-protocol.js";

// Interlocks: HO-16, PO-07.

/** After a pause this long the guardian may have stopped the arm: it counts from the last beat, up to a beat earlier. */
const GUARDIAN_FIRES: Seconds = (SILENT_BEATS - 1) * BEAT_PERIOD;
/** A pause of the whole machine up to this long is gone on from by itself, from rest (PO-07). */
const SHORT_PAUSE: Seconds = 0.25;
/** After a pause this long nothing is as it was (HO-16). */
const SUSPENDED: Seconds = 1;

/**
 * What holding up the process amounts to: nothing; nothing may be sent yet, because what has arrived meanwhile is read
 * first; or it is over, and the arm has come to rest at the last setpoint meanwhile.
 */
export type Pause =
  | { readonly kind: "none" | "unread" }
  | { readonly kind: "over"; readonly length: "short" | "long" | "suspended"; readonly lasted: Seconds };

/** Notices when the process was held up while it streamed, and says how long. */
export class StreamPauses {
  readonly #mostAge: Seconds;
  #lastTickAt: Instant = -Infinity;
  /** When a setpoint was sent last, and whether the stream has to begin anew from rest. */
  #streamedAt: Instant = -Infinity;
  #interrupted = false;

  /** `mostAge`: after a pause this long the guard, too, takes the next setpoint for the first one of a stream. */
  constructor(mostAge: Seconds) {
    this.#mostAge = mostAge;
  }

  /** A stream begins. */
  begin(now: Instant): void {
    this.#lastTickAt = now;
    this.#streamedAt = now;
    this.#interrupted = false;
  }

  /** A setpoint was sent. */
  sent(now: Instant): void {
    this.#streamedAt = now;
  }

  /** A tick runs; gives the time since the one before. */
  tick(now: Instant): Seconds {
    const sinceLast = now - this.#lastTickAt;
    this.#lastTickAt = now;
    return sinceLast;
  }

  /** Judges a tick of the stream that runs `sinceLast` after the one before. */
  judge(sinceLast: Seconds, now: Instant): Pause {
    const lasted = now - this.#streamedAt;
    this.#interrupted ||= Math.max(sinceLast, lasted) > GUARDIAN_FIRES;
    if (!this.#interrupted) {
      return { kind: "none" };
    }
    if (lasted <= this.#mostAge) {
      return { kind: "unread" };
    }
    this.#interrupted = false;
    this.#streamedAt = now;
    const length = lasted > SUSPENDED ? "suspended" : lasted > SHORT_PAUSE ? "long" : "short";
    return { kind: "over", length, lasted };
  }
}
