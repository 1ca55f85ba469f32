import { createRandom } from "../scene/random.js";
import type { Spoiling } from "./impairment.js";

/** Spoilings that change what is in a picture. */
export type PictureSpoiling = Exclude<Spoiling, "stop" | "close" | "freeze" | "swap" | "skew">;

/** A blurred pixel is the mean of those up to so far away along both axes. */
const REACH = 8;

const random = createRandom(1);

/** A square RGB picture with `size` pixels a side, spoiled; the given one stays as it is. */
export function spoilPicture(
  rgb: Uint8Array,
  size: number,
  how: PictureSpoiling,
): { readonly picture: Uint8Array; readonly size: number } {
  switch (how) {
    case "none":
      return { picture: rgb, size };
    case "black":
      return { picture: new Uint8Array(rgb.length), size };
    case "white":
      return { picture: new Uint8Array(rgb.length).fill(255), size };
    case "half-black": {
      const picture = rgb.slice();
      picture.fill(0, 0, picture.length / 2);
      return { picture, size };
    }
    case "noise":
      return { picture: rgb.map(() => 255 * random.unit()), size };
    case "blur":
      return { picture: blurred(rgb, size), size };
    case "resize":
      return { picture: rgb.slice(0, 3 * (size / 2) ** 2), size: size / 2 };
    default:
      return how satisfies never;
  }
}

/** As a lens out of focus shows it: every pixel the mean of a square around it. */
function blurred(rgb: Uint8Array, size: number): Uint8Array {
  return blurredAlong(blurredAlong(rgb, size, 3, 3 * size), size, 3 * size, 3);
}

/** Means along one axis, whose neighbours lie `step` bytes apart and whose lines `line` bytes; the edge counts as going on. */
function blurredAlong(rgb: Uint8Array, size: number, step: number, line: number): Uint8Array {
  const picture = new Uint8Array(rgb.length);
  for (let y = 0; y < size; y += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      const at = (x: number): number => y * line + Math.min(size - 1, Math.max(0, x)) * step + channel;
      let sum = 0;
      for (let x = -REACH; x <= REACH; x += 1) {
        sum += rgb[at(x)] ?? 0;
      }
      for (let x = 0; x < size; x += 1) {
        picture[at(x)] = Math.round(sum / (2 * REACH + 1));
        sum += (rgb[at(x + REACH + 1)] ?? 0) - (rgb[at(x - REACH)] ?? 0);
      }
    }
  }
  return picture;
}
