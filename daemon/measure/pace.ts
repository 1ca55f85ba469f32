import type { Seconds } from "../types/units.js";

/** How much is measured and for how long. */
export interface Pace {
  /** Listening to the state push. */
  readonly listen: Seconds;
  /** Watching a joint come to rest. */
  readonly watch: Seconds;
  /** The same after the fastest turn: a time-out of the controller could move it again. */
  readonly longWatch: Seconds;
  /** Swinging the wrist. */
  readonly swing: Seconds;
  /** Joint (1 to 7) and speed in deg/s: the wrist turns on the spot, the shoulder swings everything. */
  readonly turns: readonly { readonly joint: number; readonly speed: number }[];
}

/** For an arm. A stop that is none shows within the watched time: the longest that the catalogue allows is 356 ms. */
export const FULL_PACE: Pace = {
  listen: 5,
  watch: 0.6,
  longWatch: 2,
  swing: 4,
  turns: [
    { joint: 7, speed: 10 },
    { joint: 7, speed: 30 },
    { joint: 7, speed: 60 },
    { joint: 1, speed: 10 },
    { joint: 1, speed: 30 },
  ],
};
