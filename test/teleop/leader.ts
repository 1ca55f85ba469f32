import { type LeaderPose, leaderPose } from "../../daemon/teleop/leader-pose.js";
import type { PuppetCalibration, PuppetIdentity, PuppetSample } from "../../daemon/types/puppet.js";
import { type JointVector, jointAt, mapJoints } from "../../daemon/types/units.js";

export const DEGREE = Math.PI / 180;
export const LEADER: PuppetIdentity = { kind: "dynamixel-leader", serial: "FT7WBAX1", joints: 7 };

const SIGNS = [1, -1, 1, -1, 1, 1, -1] as const;

/** A leader with other signs, zeros and one other scale than the arm. */
export const CALIBRATION: PuppetCalibration = {
  puppet: LEADER,
  joints: SIGNS.map((sign, joint) => ({ sign, zero: 0.3 * joint - 1, scale: joint === 6 ? 2 : 1 })),
  gripper: { closed: 2.1, open: 0.9 },
};

/** What the encoders of that leader say when it stands like the arm at `q`, rad. */
export function readAt(q: JointVector): JointVector {
  return mapJoints(q, (angle, joint) => {
    const { sign, zero, scale } = CALIBRATION.joints[joint] ?? { sign: 1, zero: 0, scale: 1 };
    return zero + angle / (sign * scale);
  });
}

/** One reading of that leader; `opening` is of its handle, 0 closed to 1 open. */
export function reading(q: JointVector, at: number, changes: Partial<PuppetSample> = {}, opening = 1): PuppetSample {
  const { closed, open } = CALIBRATION.gripper;
  const gripper = closed + opening * (open - closed);
  return { seq: Math.round(at * 1000), at, angles: readAt(q), gripper, button: false, ...changes };
}

/** Poses of that leader for a row of readings 10 ms apart. */
export function posesOf(row: readonly JointVector[]): LeaderPose {
  let pose: LeaderPose | null = null;
  for (const [index, q] of row.entries()) {
    pose = leaderPose(reading(q, 1 + index * 0.01), CALIBRATION, pose, row[0] ?? q);
  }
  if (pose === null) {
    throw new Error("no readings");
  }
  return pose;
}

/** A pose with one joint turned further by `degrees`. */
export function turned(q: JointVector, joint: number, degrees: number): JointVector {
  return mapJoints(q, (angle, index) => (index === joint ? angle + degrees * DEGREE : angle));
}

/** The largest difference of any joint, rad. */
export function apart(one: JointVector, other: JointVector): number {
  return Math.max(...one.map((angle, joint) => Math.abs(angle - jointAt(other, joint))));
}
