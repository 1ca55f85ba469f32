import type { PuppetCalibration, PuppetIdentity } from "../types/puppet.js";
import { JOINT_COUNT } from "../types/units.js";

// Interlocks: OP-10.

/** Why a leader may not be followed with a calibration, in words; null when it may. */
export function unfitLeader(leader: PuppetIdentity, { puppet, joints, gripper }: PuppetCalibration): string | null {
  if (leader.joints !== JOINT_COUNT) {
    return `the leader has ${leader.joints} joints, and the arm has ${JOINT_COUNT}`;
  }
  if (leader.kind !== puppet.kind || leader.serial !== puppet.serial || leader.joints !== puppet.joints) {
    return `the calibration is of ${nameOf(puppet)}, and this is ${nameOf(leader)}: calibrate this one`;
  }
  const wrong = joints.findIndex(({ sign, zero, scale }) => {
    return Math.abs(sign) !== 1 || !Number.isFinite(zero) || !(scale >= LEAST_SCALE && scale <= MOST_SCALE);
  });
  if (joints.length !== JOINT_COUNT || wrong >= 0) {
    return `the calibration is none for joint ${(wrong < 0 ? joints.length : wrong) + 1}: calibrate the leader again`;
  }
  const way = Math.abs(gripper.open - gripper.closed);
  return way > 0 && Number.isFinite(way) ? null : "the calibration of the handle has no way between open and closed";
}

/** A leader of the arm's proportions has 1; what is far from it is a mistake of units [A]. */
const LEAST_SCALE = 0.25;
const MOST_SCALE = 4;

function nameOf({ kind, serial, joints }: PuppetIdentity): string {
  return `${kind} ${serial} with ${joints} joints`;
}
