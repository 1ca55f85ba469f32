import type { Instant, Seconds } from "../types/units.js";

/** Lateness is judged over this time (HO-15). */
const WITHIN: Seconds = 60;

/** Which part of the ticks of the last minute came too late. */
export class LateShare {
  readonly #most: Seconds;
  readonly #ticks: number;
  readonly #late: Instant[] = [];

  /** Counts ticks that come more than `most` late, of a stream with `period`. */
  constructor(most: Seconds, period: Seconds) {
    this.#most = most;
    this.#ticks = WITHIN / period;
  }

  /** Counts one tick. */
  add(late: Seconds, now: Instant): void {
    while (now - (this.#late[0] ?? now) > WITHIN) {
      this.#late.shift();
    }
    if (late > this.#most) {
      this.#late.push(now);
    }
  }

  /** 0 to 1; a minute that is not over counts as a whole one. */
  get share(): number {
    return this.#late.length / this.#ticks;
  }
}
