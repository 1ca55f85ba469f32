/** Poses that one thread writes and another reads without either waiting for long (a sequence lock). */
export class SharedPoses {
  readonly buffer: SharedArrayBuffer;
  readonly #sequence: Int32Array;
  readonly #values: Float32Array;

  constructor(source: number | SharedArrayBuffer) {
    this.buffer = typeof source === "number" ? new SharedArrayBuffer(4 + 4 * source) : source;
    this.#sequence = new Int32Array(this.buffer, 0, 1);
    this.#values = new Float32Array(this.buffer, 4);
  }

  /** How many numbers are shared. */
  get length(): number {
    return this.#values.length;
  }

  /** Lets `fill` write the numbers; only one thread may write. */
  write(fill: (into: Float32Array) => void): void {
    Atomics.add(this.#sequence, 0, 1);
    fill(this.#values);
    Atomics.add(this.#sequence, 0, 1);
  }

  /** Copies numbers that were written together. */
  read(into: Float32Array): void {
    for (;;) {
      const before = Atomics.load(this.#sequence, 0);
      if (before % 2 === 0) {
        into.set(this.#values);
        if (Atomics.load(this.#sequence, 0) === before) {
          return;
        }
      }
    }
  }
}
