import type { Instant, Seconds } from "../types/units.js";

// Interlocks: OP-01, OP-03.

/** Who is in control, as far as beats tell. Leases count up: an older one never comes back. */
export class OperatorLease {
  readonly #mostAge: Seconds;
  #lease = -1;
  #seenAt: Instant = -Infinity;

  /** An operator who was silent for `mostAge` is not in control any more. */
  constructor(mostAge: Seconds) {
    this.#mostAge = mostAge;
  }

  /** When the operator in control was last heard; -Infinity for nobody. */
  get seenAt(): Instant {
    return this.#seenAt;
  }

  /** Takes a beat; true when it belongs to another operator than the one who was in control. */
  beat(lease: number, now: Instant): boolean {
    if (lease < this.#lease) {
      return false;
    }
    const changed = lease > this.#lease && this.#lease >= 0;
    this.#lease = lease;
    this.#seenAt = now;
    return changed;
  }

  /** Nobody is in control any more. */
  gone(): void {
    this.#seenAt = -Infinity;
  }

  /** The daemon is gone: the next one counts its leases anew. */
  forget(): void {
    this.#lease = -1;
    this.#seenAt = -Infinity;
  }

  /** True when `lease` is in control now. */
  holds(lease: number, now: Instant): boolean {
    return lease === this.#lease && now - this.#seenAt <= this.#mostAge;
  }
}
