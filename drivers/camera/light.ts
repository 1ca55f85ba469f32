// Interlocks: PO-15.

/** Darker than this on the average, of 255: no light, or a cap (safety.md PO-15). */
const DARK = 8;
/** A spread (standard deviation) below this, of 255: something lies before the lens. */
const FLAT = 3;
/** More than this part of the picture at or above 250 of 255: light shines into the lens. */
const MOST_BRIGHT = 0.6;
const BRIGHT = 250;

/**
 * More than this part of the pixels is dark in every colour: half of the picture is missing, or something lies before half of the lens.
 * The lab's pictures have none, and 0.12 in a seventh of their light.
 */
const MOST_DARK = 0.45;

/** Why there is nothing to see in a picture, or not enough; null when there is. Noise is told by `sharpness.ts`. */
export type PoorLight = "dark" | "half-dark" | "covered" | "dazzled" | "noise" | null;

/** Judges an RGB picture by its bytes. */
export function lightOf(rgb: Uint8Array): PoorLight {
  let sum = 0;
  let squares = 0;
  let bright = 0;
  let dark = 0;
  for (const value of rgb) {
    sum += value;
    squares += value * value;
    bright += value >= BRIGHT ? 1 : 0;
  }
  for (let at = 0; at < rgb.length; at += 3) {
    dark += Math.max(rgb[at] ?? 0, rgb[at + 1] ?? 0, rgb[at + 2] ?? 0) < DARK ? 3 : 0;
  }
  const mean = sum / rgb.length;
  const spread = Math.sqrt(Math.max(0, squares / rgb.length - mean * mean));
  if (!(mean >= DARK)) {
    return "dark";
  }
  if (bright / rgb.length > MOST_BRIGHT) {
    return "dazzled";
  }
  if (spread < FLAT) {
    return "covered";
  }
  return dark / rgb.length > MOST_DARK ? "half-dark" : null;
}
