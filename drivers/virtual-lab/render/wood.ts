import { createRandom, type Random } from "../scene/random.js";
import type { Vector3 } from "../scene/vector.js";

/** Texels along each side of the table's texture; the rasteriser is built for this size. */
export const TEXTURE_SIZE = 512;

/** Planks side by side in one metre of table. */
const PLANKS = 8;

/** Random values on a ring; the length is a power of two. */
function ring(random: Random, length: number): Float64Array {
  return Float64Array.from({ length }, () => random.unit());
}

/** Smooth noise over a ring of values; 0 to 1. */
function noise(values: Float64Array, at: number): number {
  const cell = Math.floor(at);
  const t = at - cell;
  const mask = values.length - 1;
  const a = values[cell & mask] ?? 0;
  const b = values[(cell + 1) & mask] ?? 0;
  return a + (b - a) * t * t * (3 - 2 * t);
}

/** A wooden table top seen from above: linear r g b, TEXTURE_SIZE squared, repeating without seams. */
export function woodTexture(seed: number, colour: Vector3): Float32Array {
  const random = createRandom(seed);
  const texels = new Float32Array(TEXTURE_SIZE * TEXTURE_SIZE * 3);
  const planks = Array.from({ length: PLANKS }, () => ({
    tone: random.between(0.86, 1.1),
    bend: ring(random, 8),
    fibre: ring(random, 64),
    year: ring(random, 16),
  }));
  const [red, green, blue] = colour;
  for (let row = 0; row < TEXTURE_SIZE; row += 1) {
    const along = row / TEXTURE_SIZE;
    planks.forEach((plank, index) => {
      const bend = noise(plank.bend, along * 8);
      const begin = Math.ceil((index * TEXTURE_SIZE) / PLANKS);
      const end = Math.ceil(((index + 1) * TEXTURE_SIZE) / PLANKS);
      for (let column = begin; column < end; column += 1) {
        const inPlank = (column / TEXTURE_SIZE) * PLANKS - index;
        const year = noise(plank.year, (inPlank + 0.35 * bend) * 16);
        const fibre = noise(plank.fibre, (inPlank * 3 + along) * 64 + bend * 3);
        const gap = Math.min(inPlank, 1 - inPlank) < 0.018 ? 0.62 : 1;
        const tone = plank.tone * gap * (0.82 + 0.2 * year + 0.1 * fibre);
        const at = 3 * (row * TEXTURE_SIZE + column);
        texels[at] = red * tone;
        texels[at + 1] = green * tone * (0.97 + 0.03 * year);
        texels[at + 2] = blue * tone * (0.92 + 0.08 * year);
      }
    });
  }
  return texels;
}
