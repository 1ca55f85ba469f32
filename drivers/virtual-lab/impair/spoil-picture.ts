import { createRandom } from "../scene/random.js";
import type { Spoiling } from "./impairment.js";

/** Spoilings that change what is in a picture. */
export type PictureSpoiling = Exclude<Spoiling, "stop" | "close" | "freeze" | "swap" | "skew">;

/** Side of a blurred picture's patches, pixels. */
const PATCH = 16;

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

/** Every patch in the colour of its first pixel: no edge narrower than a patch is left. */
function blurred(rgb: Uint8Array, size: number): Uint8Array {
  const picture = new Uint8Array(rgb.length);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const from = 3 * ((y - (y % PATCH)) * size + x - (x % PATCH));
      picture.set(rgb.subarray(from, from + 3), 3 * (y * size + x));
    }
  }
  return picture;
}
