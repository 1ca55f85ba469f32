import type { MotionLimits } from "../guard/limits.js";
import { type JointVector, jointAt, type Seconds } from "../types/units.js";
import type { Demand } from "./limiter.js";

// Interlocks: ML-03, PO-04.

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

/**
 * The part of its own pace at which a step of `way` is gone to a target that is due `ahead` from now, at most 1: slow enough
 * to come to rest there. A curve that is cubic in time begins and ends
 * with six times the way by the square of its duration, and acceleration takes its time by the bound of jerk.
 */
export function joiningPace(way: JointVector, ahead: Seconds, limits: MotionLimits): number {
  const lasting = way.map((distance, joint) => {
    const acceleration = jointAt(limits.acceleration, joint);
    return Math.sqrt((6 * Math.abs(distance)) / acceleration) + acceleration / jointAt(limits.jerk, joint);
  });
  return Math.min(1, ahead / Math.max(...lasting));
}
