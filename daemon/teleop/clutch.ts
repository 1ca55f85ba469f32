import { type JointVector, jointAt, mapJoints, type Seconds } from "../types/units.js";
import type { LeaderLimits } from "../watch/leader-limits.js";

// Interlocks: OP-07.

/** Nothing is added to the leader's angles. */
export const NO_OFFSET: JointVector = [0, 0, 0, 0, 0, 0, 0];

/** The offset with which the arm goes on from `arm` while the leader stands at `leader`, rad. */
export function engagedAt(leader: JointVector, arm: JointVector): JointVector {
  return mapJoints(arm, (angle, joint) => angle - jointAt(leader, joint));
}

/** The offset one tick later: all joints shrink together, none faster than `rate`, rad/s, so that they arrive together. */
export function decayed(offset: JointVector, rate: number, period: Seconds): JointVector {
  const most = Math.max(...offset.map(Math.abs));
  const step = rate * period;
  return most <= step ? NO_OFFSET : mapJoints(offset, (value) => value * (1 - step / most));
}

/** Where the arm should go, rad, and the offset that leads there. */
export interface Led {
  readonly target: JointVector;
  readonly offset: JointVector;
}

/**
 * The leader's pose with the offset, at most `lag` ahead of what was commanded: a leader that is farther ahead slips, and
 * what it slipped joins the offset. So the arm is never farther behind than `lag`, and stops soon after the leader does.
 */
export function led(leader: JointVector, offset: JointVector, commanded: JointVector, { lag }: LeaderLimits): Led {
  const target = mapJoints(leader, (angle, joint) => {
    const from = jointAt(commanded, joint);
    return Math.min(Math.max(angle + jointAt(offset, joint), from - lag), from + lag);
  });
  const slips = target.some(
    (angle, joint) => Math.abs(angle - jointAt(leader, joint) - jointAt(offset, joint)) > ROUNDING,
  );
  return { target, offset: slips ? engagedAt(leader, target) : offset };
}

/** Of adding and taking away, rad. */
const ROUNDING = 1e-9;
