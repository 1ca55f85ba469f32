import type { Mode } from "../types/mode.js";
import type { Instant, JointVector } from "../types/units.js";

/** What the arm process is doing while it watches. */
export interface Situation {
  readonly now: Instant;
  readonly mode: Mode;
  /** Since when it streams one pose, or has stopped the arm; Infinity while it moves it or leaves it alone. */
  readonly standsSince: Instant;
  /** Where the arm stood once it had settled; null while that is not known. */
  readonly stoodAt: JointVector | null;
  /** The order of the arm's reports is not known. */
  readonly disordered: boolean;
  /** Where the arm began to be brought back inside its limits; null while it is not. */
  readonly recoversFrom: JointVector | null;
}
