// Interlocks: PO-15.

/** Darker than this on the average, of 255: no light, or a cap (safety.md PO-15). */
const DARK = 8;
/** A spread (standard deviation) below this, of 255: something lies before the lens. */
const FLAT = 3;
/** More than this part of the picture at or above 250 of 255: light shines into the lens. */
const MOST_BRIGHT = 0.6;
const BRIGHT = 250;

/** What is wrong with the light in a picture; null when there is something to see. */
export type PoorLight = "dark" | "covered" | "dazzled" | null;

/** Judges a picture by its bytes, any number of channels. */
export function lightOf(pixels: Uint8Array): PoorLight {
  let sum = 0;
  let squares = 0;
  let bright = 0;
  for (const value of pixels) {
    sum += value;
    squares += value * value;
    bright += value >= BRIGHT ? 1 : 0;
  }
  const mean = sum / pixels.length;
  const spread = Math.sqrt(Math.max(0, squares / pixels.length - mean * mean));
  if (!(mean >= DARK)) {
    return "dark";
  }
  if (bright / pixels.length > MOST_BRIGHT) {
    return "dazzled";
  }
  return spread < FLAT ? "covered" : null;
}
