/** Cuts text into lines; a line longer than `most` characters is an error of the sender. */
export class LineBuffer {
  readonly #most: number;
  #rest = "";

  constructor(most: number) {
    this.#most = most;
  }

  /** The lines that `text` completes, without their ends; null when a line became too long. */
  push(text: string): readonly string[] | null {
    const parts = (this.#rest + text).split("\n");
    this.#rest = parts.pop() ?? "";
    return this.#rest.length > this.#most || parts.some((line) => line.length > this.#most) ? null : parts;
  }
}
