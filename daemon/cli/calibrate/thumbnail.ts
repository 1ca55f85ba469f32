/** A square RGB picture as text for a terminal with 24-bit colours: each character is two pixels, one above the other. */
export function thumbnail(rgb: Uint8Array, size: number): string {
  const colour = (x: number, y: number): string => {
    const at = 3 * (y * size + x);
    return `${rgb[at] ?? 0};${rgb[at + 1] ?? 0};${rgb[at + 2] ?? 0}`;
  };
  const row = (y: number): string =>
    Array.from({ length: size }, (_, x) => `\u001b[38;2;${colour(x, y)}m\u001b[48;2;${colour(x, y + 1)}m\u2580`).join(
      "",
    );
  return Array.from({ length: Math.floor(size / 2) }, (_, line) => `${row(2 * line)}\u001b[0m\n`).join("");
}
