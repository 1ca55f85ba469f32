import type { MotionLimits } from "../guard/limits.js";
import { type JointVector, jointAt } from "../types/units.js";
import type { Demand } from "./limiter.js";

// Interlocks: ML-03.

/**
 * The part of its own pace at which a path may be followed so that no joint passes its speed limit, at most 1: all joints
 * slow down together and the arm stays on the path.
 */
export function permittedPace(v: JointVector, limits: MotionLimits): number {
  return Math.min(1, ...v.map((speed, joint) => jointAt(limits.velocity, joint) / Math.abs(speed)));
}

/** What a path asks for when it is followed at `pace`. */
export function atPace({ q, v }: Demand, pace: number): Demand {
  return {
    q,
    v: [v[0] * pace, v[1] * pace, v[2] * pace, v[3] * pace, v[4] * pace, v[5] * pace, v[6] * pace],
  };
}
