import type { StopKind } from "../../daemon/ports/arm.js";
import type { Seconds } from "../../daemon/types/units.js";
import { QUICK_STOP, SLOW_STOP } from "./codec.js";

// Interlocks: AR-15.

/** A stop that is not confirmed by then is written again. */
const RETRY_AFTER: Seconds = 0.05;
/** Further writings of an unconfirmed stop. */
const RETRIES = 3;

/** Writes a stop at once, and again until the arm confirms it. */
export class StopWriter {
  readonly #write: (bytes: Buffer) => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(write: (bytes: Buffer) => void) {
    this.#write = write;
  }

  stop(kind: StopKind): void {
    this.cancel();
    this.#writeUntilConfirmed(kind === "quick" ? QUICK_STOP : SLOW_STOP, RETRIES);
  }

  /** The arm answered: true when it stops. */
  answered(confirmed: boolean): void {
    if (confirmed) {
      this.cancel();
    }
  }

  /** No further writing. */
  cancel(): void {
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
    }
  }

  #writeUntilConfirmed(bytes: Buffer, retries: number): void {
    this.#write(bytes);
    this.#timer =
      retries === 0 ? null : setTimeout(() => this.#writeUntilConfirmed(bytes, retries - 1), RETRY_AFTER * 1000);
  }
}
