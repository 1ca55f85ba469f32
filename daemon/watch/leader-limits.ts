import type { Seconds } from "../types/units.js";

/** What a leader arm is held against; every number stands in the file of limits with its source. */
export interface LeaderLimits {
  /** Each joint this near, rad, and this slow, rad/s, for so long: the leader may be followed (OP-07). */
  readonly aligned: { readonly distance: number; readonly speed: number; readonly lasting: Seconds };
  /** Farther than this from the arm, rad, no leader is followed at all (OP-07). */
  readonly refused: number;
  /** How fast an offset between leader and arm decays, rad/s (OP-07). */
  readonly clutch: number;
  /** The arm is at most this far behind the leader, rad; a leader that is farther ahead slips. */
  readonly lag: number;
  /** Between two readings, rad and rad/s (OP-08). */
  readonly jump: { readonly distance: number; readonly speed: number };
  /** A newest reading this old slows down (OP-09); when it stops is the guard's, `mostAge.leader`. */
  readonly late: Seconds;
  /** Readings that say the same for `lasting` while the arm went `commanded` rad (OP-09). */
  readonly frozen: { readonly lasting: Seconds; readonly commanded: number };
  /** How far each joint is turned in the sign test, rad (OP-10). */
  readonly sign: number;
}
