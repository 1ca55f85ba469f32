/** What is drawn on. */
interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Draws lines again and again in place; on anything but a terminal the last line alone, once a second. */
export class Screen {
  readonly #output: Output;
  #height = 0;
  #saidAt = -Infinity;

  constructor(output: Output) {
    this.#output = output;
  }

  /** `now` in s. */
  draw(lines: readonly string[], now: number): void {
    if (this.#output.isTTY) {
      const up = this.#height > 0 ? `\u001b[${this.#height}A` : "";
      // A terminal that does not know its size says 0.
      const width = this.#output.columns || Infinity;
      const rows = lines.flatMap((line) => broken(line, width));
      this.#output.write(`${up}${rows.map((row) => `\u001b[2K${row}\n`).join("")}`);
      // A shorter picture leaves nothing of the longer one.
      this.#output.write("\u001b[J");
      this.#height = rows.length;
    } else if (now - this.#saidAt >= 1) {
      this.#saidAt = now;
      this.#output.write(`${lines.at(-1) ?? ""}\n`);
    }
  }
}

/** A line in rows of at most `width` characters: one that the terminal breaks by itself would not be drawn over. */
function broken(line: string, width: number): readonly string[] {
  return line.length <= width ? [line] : [line.slice(0, width), ...broken(line.slice(width), width)];
}
