import type { MotionLimits } from "../guard/limits.js";
import { JOINT_COUNT, type JointVector, jointAt, mapJoints, type Seconds } from "../types/units.js";

/** A straight way in joint space from rest to rest. */
export interface HomePlan {
  readonly duration: Seconds;
  readonly from: JointVector;
  readonly to: JointVector;
}

// Peaks of the quintic 10 s^3 - 15 s^4 + 6 s^5 over s in [0, 1].
const PEAK_VELOCITY = 15 / 8;
const PEAK_ACCELERATION = 10 / Math.sqrt(3);
const PEAK_JERK = 60;

/** Plans the way to `to` that takes the shortest time within `limits`. */
export function planHome(from: JointVector, to: JointVector, limits: MotionLimits): HomePlan {
  let duration = 0;
  for (let joint = 0; joint < JOINT_COUNT; joint++) {
    const distance = Math.abs(jointAt(to, joint) - jointAt(from, joint));
    duration = Math.max(
      duration,
      (PEAK_VELOCITY * distance) / jointAt(limits.velocity, joint),
      Math.sqrt((PEAK_ACCELERATION * distance) / jointAt(limits.acceleration, joint)),
      Math.cbrt((PEAK_JERK * distance) / jointAt(limits.jerk, joint)),
    );
  }
  return { duration, from, to };
}

/** Position of the plan `elapsed` after its beginning; its start before that, its end for ever after. */
export function homePosition(plan: HomePlan, elapsed: Seconds): JointVector {
  if (homeReached(plan, elapsed)) {
    return plan.to;
  }
  const s = Math.max(0, elapsed / plan.duration);
  const part = s ** 3 * (10 - 15 * s + 6 * s ** 2);
  return mapJoints(plan.from, (from, joint) => from + (jointAt(plan.to, joint) - from) * part);
}

/** Velocity of the plan `elapsed` after its beginning, rad/s; none before and after. */
export function homeVelocity(plan: HomePlan, elapsed: Seconds): JointVector {
  const s = Math.min(Math.max(0, elapsed / plan.duration), 1);
  const rate = (30 * s ** 2 * (1 - s) ** 2) / plan.duration;
  return mapJoints(plan.from, (from, joint) => (jointAt(plan.to, joint) - from) * rate);
}

/** True once the plan has arrived. */
export function homeReached(plan: HomePlan, elapsed: Seconds): boolean {
  return elapsed >= plan.duration;
}
