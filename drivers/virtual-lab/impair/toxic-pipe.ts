import { hostClock } from "../../../daemon/ports/clock.js";
import type { Instant } from "../../../daemon/types/units.js";
import type { Toxics } from "./impairment.js";

/** One piece of bytes, or the end of the stream (null), and when it may arrive. */
interface Piece {
  readonly bytes: Buffer | null;
  readonly dueAt: Instant;
}

/** Where the bytes go. */
export interface PipeEnd {
  deliver(bytes: Buffer): void;
  /** The sender has ended, or the pipe has carried all that it may. */
  end(): void;
}

/** One direction of a TCP connection with faults on the way: order is kept, nothing is invented. */
export class ToxicPipe {
  readonly #toxics: () => Toxics;
  readonly #random: () => number;
  readonly #end: PipeEnd;
  #queue: Piece[] = [];
  #timer: NodeJS.Timeout | null = null;
  #lastDueAt: Instant = 0;
  #carried = 0;
  #over = false;

  constructor(toxics: () => Toxics, random: () => number, end: PipeEnd) {
    this.#toxics = toxics;
    this.#random = random;
    this.#end = end;
  }

  push(bytes: Buffer): void {
    const { slice, bytesPerSecond } = this.#toxics();
    const size = slice ?? bytes.length;
    for (let from = 0; from < bytes.length; from += size) {
      const piece = bytes.subarray(from, from + size);
      this.#add(piece, bytesPerSecond === null ? 0 : piece.length / bytesPerSecond);
    }
    this.flush();
  }

  /** The sender has ended in order. */
  finish(): void {
    this.#add(null, this.#toxics().slowClose);
    this.flush();
  }

  /** The sender is gone: what is still under way goes with it. */
  abandon(): void {
    this.#queue = [];
    this.#over = true;
    this.#cancel();
  }

  /** Looks at the toxics again; call it when they have changed. */
  flush(): void {
    this.#cancel();
    while (!this.#over && !this.#toxics().down) {
      const next = this.#queue[0];
      if (next === undefined) {
        return;
      }
      const wait = next.dueAt - hostClock.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.flush(), Math.ceil(wait * 1000));
        return;
      }
      this.#queue.shift();
      this.#hand(next.bytes);
    }
  }

  #add(bytes: Buffer | null, takes: number): void {
    const { latency, jitter } = this.#toxics();
    const delay = latency + jitter * (2 * this.#random() - 1);
    this.#lastDueAt = Math.max(this.#lastDueAt, hostClock.now() + Math.max(0, delay)) + takes;
    this.#queue.push({ bytes, dueAt: this.#lastDueAt });
  }

  #hand(bytes: Buffer | null): void {
    const { limitBytes } = this.#toxics();
    if (bytes === null) {
      this.#over = true;
      this.#end.end();
      return;
    }
    this.#end.deliver(bytes);
    this.#carried = limitBytes === null ? 0 : this.#carried + bytes.length;
    if (limitBytes !== null && this.#carried > limitBytes) {
      this.#over = true;
      this.#queue = [];
      this.#end.end();
    }
  }

  #cancel(): void {
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
    }
  }
}
