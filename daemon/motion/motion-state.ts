import type { JointVector } from "../types/units.js";

/** Where the command stands: position and its backward differences over one period, all that a next step rests on. */
export interface MotionState {
  /** rad */
  readonly q: JointVector;
  /** rad/s */
  readonly v: JointVector;
  /** rad/s2 */
  readonly a: JointVector;
}

/** Seven zeros. */
export const ZERO: JointVector = [0, 0, 0, 0, 0, 0, 0];

/** Standing still at `q`. */
export function standingAt(q: JointVector): MotionState {
  return { q, v: ZERO, a: ZERO };
}

/** The state after the command moved on to `q` one period later. */
export function movedTo(state: MotionState, q: JointVector, period: number): MotionState {
  const v = differences(q, state.q, period);
  return { q, v, a: differences(v, state.v, period) };
}

function differences(next: JointVector, last: JointVector, period: number): JointVector {
  return [
    (next[0] - last[0]) / period,
    (next[1] - last[1]) / period,
    (next[2] - last[2]) / period,
    (next[3] - last[3]) / period,
    (next[4] - last[4]) / period,
    (next[5] - last[5]) / period,
    (next[6] - last[6]) / period,
  ];
}
