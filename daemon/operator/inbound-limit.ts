import type { Instant } from "../types/units.js";
import { fullBucket, type RateLimit, type TokenBucket, takeToken } from "./token-bucket.js";

// Interlocks: OP-04, SE-05.

/** Messages that are looked at (reference/safety.md §4.3: 200/s, burst 50). */
const ADMITTED: RateLimit = { rate: 200, burst: 50 };
/** Messages that are dropped unread; beyond this the connection ends. */
const TOLERATED: RateLimit = { rate: 500, burst: 2000 };

/** Judges how fast one client sends. */
export class InboundLimit {
  #admitted: TokenBucket;
  #tolerated: TokenBucket;
  #isTold = false;

  constructor(now: Instant) {
    this.#admitted = fullBucket(ADMITTED, now);
    this.#tolerated = fullBucket(TOLERATED, now);
  }

  /** Whether a message that came now is looked at. */
  admits(now: Instant): boolean {
    const { taken, bucket } = takeToken(this.#admitted, ADMITTED, now);
    this.#admitted = bucket;
    this.#isTold &&= !taken;
    return taken;
  }

  /** What to do about a message that is not: tell the client (once a burst), drop it unread, or end the connection. */
  excess(now: Instant): "tell" | "drop" | "end" {
    const { taken, bucket } = takeToken(this.#tolerated, TOLERATED, now);
    this.#tolerated = bucket;
    if (!taken) {
      return "end";
    }
    const isTold = this.#isTold;
    this.#isTold = true;
    return isTold ? "drop" : "tell";
  }
}
