import { createRandom } from "../scene/random.js";

/** Grey levels of one standard deviation: what a lit webcam shows, and far below what resizing leaves of a picture. */
const DEVIATION = 1.2;
/** Length of the noise that is drawn once; prime, so that rows do not line up with it. */
const LENGTH = 65_537;
/** Step of the place in it where the next picture begins; prime as well, so that all places are used in turn. */
const STRIDE = 7_919;

/** Adds noise to a picture in place, other noise to each picture. */
export type SensorNoise = (picture: Uint8ClampedArray) => void;

/** Makes the noise of a sensor: without it a virtual camera that looks at nothing moving would be a frozen one. */
export function createSensorNoise(seed: number): SensorNoise {
  const random = createRandom(seed);
  // The sum of three even draws is near enough to a normal one, and its variance is 1.
  const drawn = (): number => (random.between(-1, 1) + random.between(-1, 1) + random.between(-1, 1)) * DEVIATION;
  const noise = Int8Array.from({ length: LENGTH }, () => Math.round(drawn()));
  let start = 0;
  return (picture) => {
    start = (start + STRIDE) % LENGTH;
    for (let i = 0, at = start; i < picture.length; i += 1) {
      picture[i] = (picture[i] ?? 0) + (noise[at] ?? 0);
      at = at + 1 === LENGTH ? 0 : at + 1;
    }
  };
}
