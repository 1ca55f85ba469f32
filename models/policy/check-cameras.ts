import type { GoldenVector } from "../bundle/golden.js";
import { type Failure, failure } from "../failure.js";

// Interlocks: PO-16.

/** Cells along each side of the picture that two pictures are compared in. */
const CELLS = 4;

/**
 * How much more alike the exchanged pictures must be to count as swapped. Measured on 500 observations of 4100 episodes
 * with varied looks, carrot tables included, against the golden vectors of an earlier bundle: at most 0.79 as they should be,
 * at least 1.27 exchanged.
 */
const SWAPPED_FROM = 1.1;

/** Of 255 levels of a colour: what is further from the other camera's pictures is not its either; measured at most 29.2. */
const STRANGE_FROM = 30;

/**
 * Compares both pictures (uint8 [2,S,S,3], front then wrist) with those of the golden vectors, which come from the data
 * trained on: a failure where each is more like the other camera's.
 */
export function checkCameras(golden: readonly GoldenVector[], images: Uint8Array): Failure | null {
  const [front, wrist] = mosaics(images);
  const known = golden.map((vector) => mosaics(vector.images));
  const fronts = known.map(([picture]) => picture);
  const wrists = known.map(([, picture]) => picture);
  const straight = nearest(front, fronts) + nearest(wrist, wrists);
  const crossed = nearest(front, wrists) + nearest(wrist, fronts);
  return straight > SWAPPED_FROM * crossed && crossed < 2 * STRANGE_FROM
    ? failure(
        "cameras-swapped",
        "The front camera shows what the wrist camera showed in training, and the other way round; " +
          "exchange cameras.front and cameras.wrist in the configuration",
      )
    : null;
}

type Mosaic = readonly number[];

/** Mean colours of the cells of the front and of the wrist picture. */
function mosaics(images: Uint8Array): readonly [Mosaic, Mosaic] {
  const half = images.length / 2;
  return [mosaic(images.subarray(0, half)), mosaic(images.subarray(half))];
}

function mosaic(picture: Uint8Array): Mosaic {
  const side = Math.sqrt(picture.length / 3);
  const sums = Array<number>(CELLS * CELLS * 3).fill(0);
  const counts = Array<number>(CELLS * CELLS * 3).fill(0);
  picture.forEach((value, place) => {
    const pixel = Math.floor(place / 3);
    const row = Math.floor((Math.floor(pixel / side) * CELLS) / side);
    const column = Math.floor(((pixel % side) * CELLS) / side);
    const cell = (row * CELLS + column) * 3 + (place % 3);
    sums[cell] = (sums[cell] ?? 0) + value;
    counts[cell] = (counts[cell] ?? 0) + 1;
  });
  return sums.map((sum, cell) => sum / Math.max(1, counts[cell] ?? 0));
}

/** Mean difference to the most alike of some mosaics. */
function nearest(picture: Mosaic, others: readonly Mosaic[]): number {
  const differences = others.map(
    (other) => picture.reduce((sum, value, cell) => sum + Math.abs(value - (other[cell] ?? 0)), 0) / picture.length,
  );
  return Math.min(...differences);
}
