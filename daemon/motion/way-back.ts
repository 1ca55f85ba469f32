import type { MotionLimits } from "../guard/limits.js";
import { type JointVector, jointAt, mapJoints } from "../types/units.js";

// Interlocks: ML-02.

/** Whether each joint of `q` stands outside the limits; what is no number does. */
export function outsideOf(q: JointVector, { lowest, highest }: MotionLimits): readonly boolean[] {
  return q.map((angle, joint) => !(angle >= jointAt(lowest, joint) && angle <= jointAt(highest, joint)));
}

/** Where joints that stand outside `limits` are brought back to, rad: the nearest that a planner goes to. The others stand. */
export function backInside(q: JointVector, limits: MotionLimits, planner: MotionLimits): JointVector {
  const outside = outsideOf(q, limits);
  return mapJoints(q, (angle, joint) =>
    outside[joint] === true
      ? Math.min(Math.max(angle, jointAt(planner.lowest, joint)), jointAt(planner.highest, joint))
      : angle,
  );
}
