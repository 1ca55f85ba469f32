// Interlocks: AR-14.

/** Longest line accepted in either direction, in bytes; the longest documented message is about 1.1 kB. */
export const MAXIMUM_LINE_BYTES = 65_536;

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

/**
 * Cuts a byte stream into lines at CR LF, never at LF alone: the vendor's client sends objects with LF inside.
 * Lines longer than 64 KiB are dropped whole, and counted once for each 64 KiB, also while they have no end.
 */
export class LineSplitter {
  readonly #buffer = Buffer.allocUnsafe(MAXIMUM_LINE_BYTES);
  #length = 0;
  #last = 0;
  #overlong = false;
  /** Bytes of the present overlong line since it was last counted. */
  #uncounted = 0;
  #dropped = 0;

  /** Pieces of 64 KiB of lines that were too long, since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes bytes as they arrive; `onLine` sees each line without its end, valid only during the call. */
  push(chunk: Buffer, onLine: (line: Buffer) => void): void {
    let start = 0;
    for (let feed = chunk.indexOf(LINE_FEED); feed >= 0; feed = chunk.indexOf(LINE_FEED, feed + 1)) {
      const before = feed > 0 ? chunk[feed - 1] : this.#last;
      if (before === CARRIAGE_RETURN) {
        this.#finish(chunk, start, feed, onLine);
        start = feed + 1;
      }
    }
    this.#keep(chunk, start, chunk.length);
    this.#last = chunk.at(-1) ?? this.#last;
  }

  #finish(chunk: Buffer, start: number, feed: number, onLine: (line: Buffer) => void): void {
    if (this.#length === 0 && !this.#overlong && feed - start <= MAXIMUM_LINE_BYTES) {
      if (feed - 1 > start) {
        onLine(chunk.subarray(start, feed - 1));
      }
      return;
    }
    this.#keep(chunk, start, feed);
    const length = this.#length - 1;
    this.#length = 0;
    if (this.#overlong) {
      this.#overlong = false;
      this.#uncounted = 0;
    } else if (length > 0) {
      onLine(this.#buffer.subarray(0, length));
    }
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    if (this.#overlong || this.#length + end - start > MAXIMUM_LINE_BYTES) {
      this.#overlong = true;
      this.#uncounted += this.#length + end - start;
      this.#length = 0;
      const pieces = Math.floor(this.#uncounted / MAXIMUM_LINE_BYTES);
      this.#dropped += pieces;
      this.#uncounted -= pieces * MAXIMUM_LINE_BYTES;
      return;
    }
    this.#length += chunk.copy(this.#buffer, this.#length, start, end);
  }
}
