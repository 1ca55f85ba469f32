import type { Seconds } from "../types/units.js";

/** Width of a class: 20 us. */
const WIDTH: Seconds = 20e-6;
/** Up to 100 ms; what is later counts in the last class. */
const CLASSES = 5000;

/** Lateness of all ticks in classes of 20 us: a quantile costs no memory and no sorting. */
export class LatenessHistogram {
  readonly #counts = new Uint32Array(CLASSES);
  #total = 0;
  #most: Seconds = 0;

  /** Counts one tick; seconds late, negative counts as 0. */
  add(late: Seconds): void {
    const index = Math.min(Math.max(0, Math.floor(late / WIDTH)), CLASSES - 1);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total += 1;
    this.#most = Math.max(this.#most, late);
  }

  /** The largest lateness so far. */
  most(): Seconds {
    return this.#most;
  }

  /** Upper end of the class that holds the quantile `part` (0 to 1); 0 before the first tick. */
  quantile(part: number): Seconds {
    const wanted = part * this.#total;
    let counted = 0;
    for (let index = 0; index < CLASSES; index++) {
      counted += this.#counts[index] ?? 0;
      if (counted >= wanted && counted > 0) {
        return Math.min((index + 1) * WIDTH, this.#most);
      }
    }
    return this.#most;
  }
}
