/** Draws lines again and again in place; on anything but a terminal the last line alone, once a second. */
export class Screen {
  readonly #output: NodeJS.WriteStream;
  #height = 0;
  #saidAt = -Infinity;

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  /** `now` in s. */
  draw(lines: readonly string[], now: number): void {
    if (this.#output.isTTY) {
      const up = this.#height > 0 ? `\u001b[${this.#height}A` : "";
      this.#output.write(`${up}${lines.map((line) => `\u001b[2K${line}\n`).join("")}`);
      // A shorter picture leaves nothing of the longer one.
      this.#output.write("\u001b[J");
      this.#height = lines.length;
    } else if (now - this.#saidAt >= 1) {
      this.#saidAt = now;
      this.#output.write(`${lines.at(-1) ?? ""}\n`);
    }
  }
}
