import type { Instant } from "../../daemon/types/units.js";

// Interlocks: PO-15.

/** Fine detail is told from coarse by differences over this many pixels. */
const COARSE = 4;
/**
 * The most that counts. The sharpest edge there can be, a straight step between two pixels, has 0.5; the lab's pictures have 0.18 to
 * 0.60 (README). More than this is the noise of a plain or dim picture, which must not become what later pictures are held against.
 */
const SHARPEST = 0.6;
/** Noise with nothing behind it has 3.4 to 5, the lab's pictures in a seventh of their light 0.75 at most. */
const NOISE = 2;
/** Less than this part of what is usual is dull (safety.md PO-15). */
const DULL = 0.25;
/** The first pictures always count for what is usual: a camera may begin with noise, or look for its focus. 4 s at 22 a second. */
const FIRST_PICTURES = 90;
/** What is usual is a mean over about as many pictures: a minute and more, so that no view of one task becomes all there is. */
const USUAL_PICTURES = 2000;

/**
 * How sharp a square RGB picture is, 0 to 0.6, and above in noise: the mean square of its second differences as a part of that of its
 * differences over four pixels. Contrast and light divide out, and so does most of what the picture shows: edges have both, and blur
 * takes the first away.
 */
export function sharpnessOf(rgb: Uint8Array, size: number): number {
  const grey = new Int32Array(size * size);
  for (let pixel = 0, at = 0; pixel < grey.length; pixel += 1, at += 3) {
    // About the weights of ITU-R BT.601; their scale divides out.
    grey[pixel] = 3 * (rgb[at] ?? 0) + 6 * (rgb[at + 1] ?? 0) + (rgb[at + 2] ?? 0);
  }
  let fine = 0;
  let coarse = 0;
  for (let y = 1; y < size - COARSE; y += 1) {
    for (let x = 1; x < size - COARSE; x += 1) {
      const at = y * size + x;
      const value = grey[at] ?? 0;
      const left = grey[at - 1] ?? 0;
      const right = grey[at + 1] ?? 0;
      const bend = 4 * value - left - right - (grey[at - size] ?? 0) - (grey[at + size] ?? 0);
      const across = (grey[at + COARSE] ?? 0) - value;
      const down = (grey[at + COARSE * size] ?? 0) - value;
      fine += bend * bend;
      coarse += across * across + down * down;
    }
  }
  // Where nothing changes over four pixels there is nothing to judge.
  return coarse === 0 ? SHARPEST : fine / coarse;
}

/** Whether a picture as sharp as this shows noise and nothing else. */
export function isNoise(sharpness: number): boolean {
  return sharpness > NOISE;
}

/** How sharp a camera's pictures are against what they usually are. */
export interface Sharpness {
  /** Mean of `sharpnessOf` over the pictures that were not dull. */
  readonly usual: number;
  readonly pictures: number;
  /** Capture instant of the first of the dull pictures in a row up to now; null when the newest is sharp. */
  readonly dullSince: Instant | null;
}

/** Of a camera that has shown nothing yet. */
export const NO_SHARPNESS: Sharpness = { usual: 0, pictures: 0, dullSince: null };

/** Takes the next picture in. Dull pictures leave what is usual as it is: a camera that stays blurred stays dull. */
export function followSharpness(before: Sharpness, sharpness: number, capturedAt: Instant): Sharpness {
  const { usual, pictures } = before;
  const dull = sharpness < DULL * usual;
  if (dull && pictures >= FIRST_PICTURES) {
    return { ...before, dullSince: before.dullSince ?? capturedAt };
  }
  const counted = Math.min(pictures + 1, USUAL_PICTURES);
  return { usual: usual + (Math.min(SHARPEST, sharpness) - usual) / counted, pictures: counted, dullSince: null };
}
