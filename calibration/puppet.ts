import type { PuppetCalibration, PuppetIdentity, PuppetJointCalibration } from "../daemon/types/puppet.js";
import { JOINT_COUNT, type JointVector, jointAt } from "../daemon/types/units.js";
import type { Refusal } from "./hand-eye.js";

/** The leader held where the arm stands, both at rest. */
export interface MatchedPose {
  readonly leader: JointVector;
  readonly arm: JointVector;
}

/** One joint of the leader turned alone by hand, in the positive direction of the arm's joint. */
export interface GuidedMove {
  /** 0 (J1) to 6 (J7). */
  readonly joint: number;
  readonly before: JointVector;
  readonly after: JointVector;
}

/** Everything that the guided calibration of a leader asks for. */
export interface PuppetReadings {
  readonly identity: PuppetIdentity;
  readonly moves: readonly GuidedMove[];
  readonly poses: readonly MatchedPose[];
  /** Readings of the handle. */
  readonly gripper: { readonly closed: number; readonly open: number };
}

const DEGREE = Math.PI / 180;
const TURN = 2 * Math.PI;
const LEAST_MOVE = 15 * DEGREE;
/** Of another joint while one is turned. */
const MOST_BESIDES = 5 * DEGREE;
/** A joint that the poses turn by less keeps the scale 1. */
const LEAST_RANGE = 20 * DEGREE;
/** Held against the arm by eye or by a jig: what is farther off was matched wrongly. */
const MOST_RESIDUAL = 3 * DEGREE;
/** No leader is a fifth larger or smaller in its angles. */
const MOST_SCALE = 1.2;

/** Solves sign, zero and scale of each joint, or says which joint is wrong, how, and what to do. */
export function solvePuppet(
  readings: PuppetReadings,
): { readonly calibration: PuppetCalibration; readonly residual: number } | Refusal {
  const { identity, moves, poses, gripper } = readings;
  if (identity.joints !== JOINT_COUNT) {
    return {
      reason: `the leader has ${identity.joints} joints, the arm ${JOINT_COUNT}`,
      hint: "Connect a leader of the arm's own build.",
    };
  }
  if (poses.length < 2) {
    return {
      reason: `${poses.length} of at least 2 poses were matched`,
      hint: "Match the leader to the arm in two poses that differ in every joint.",
    };
  }
  if (Math.abs(gripper.open - gripper.closed) < 1e-6) {
    return { reason: "the handle reads the same open and closed", hint: "Squeeze and release the handle when asked." };
  }
  const joints: PuppetJointCalibration[] = [];
  let residual = 0;
  for (let joint = 0; joint < JOINT_COUNT; joint++) {
    const found = solveJoint(joint, moves, poses);
    if ("reason" in found) {
      return found;
    }
    joints.push(found.calibration);
    residual = Math.max(residual, found.residual);
  }
  return { calibration: { puppet: identity, joints, gripper }, residual };
}

function solveJoint(
  joint: number,
  moves: readonly GuidedMove[],
  poses: readonly MatchedPose[],
): { readonly calibration: PuppetJointCalibration; readonly residual: number } | Refusal {
  const name = `J${joint + 1}`;
  const move = moves.find((one) => one.joint === joint);
  const moved = move === undefined ? 0 : jointAt(move.after, joint) - jointAt(move.before, joint);
  if (move === undefined || Math.abs(moved) < LEAST_MOVE) {
    return { reason: `${name} was turned by ${inDegrees(moved)}`, hint: `Turn ${name} of the leader alone by 30 deg.` };
  }
  const other = move.after.findIndex((after, at) => at !== joint && Math.abs(after - jointAt(move.before, at)) > MOST_BESIDES);
  if (other >= 0) {
    return { reason: `J${other + 1} turned while ${name} was to turn alone`, hint: "Hold the others still and repeat." };
  }
  const sign = moved > 0 ? 1 : -1;
  const raw = poses.map(({ leader }) => jointAt(leader, joint));
  const wanted = poses.map(({ arm }) => jointAt(arm, joint));
  const slope = slopeOf(raw, wanted);
  if (slope !== null && Math.sign(slope) !== sign) {
    return {
      reason: `${name} is mirrored: by its guided move it turns ${sign > 0 ? "with" : "against"} the arm's joint, by the matched poses the other way`,
      hint: "Repeat the guided move in the direction shown; if it stays, the joint is mounted or wired the wrong way round.",
    };
  }
  const scale = slope === null ? 1 : Math.abs(slope);
  const zeros = raw.map((value, at) => value - (wanted[at] ?? 0) / (sign * scale));
  const wrapped = raw.some((value, at) => Math.abs(sign * (value - (raw[0] ?? 0)) - ((wanted[at] ?? 0) - (wanted[0] ?? 0))) > TURN / 2);
  const zero = zeros.reduce((sum, value) => sum + value, 0) / zeros.length;
  if (wrapped || Math.abs(zero) > TURN / 2 + LEAST_RANGE) {
    return {
      reason: `${name} is off by a whole turn (its zero would be at ${inDegrees(zero)})`,
      hint: "Unplug the leader, put it into its rest pose, plug it in again, and repeat.",
    };
  }
  if (scale > MOST_SCALE || scale < 1 / MOST_SCALE) {
    return {
      reason: `${name} of the leader would turn ${scale.toFixed(2)} times as far as the arm's`,
      hint: "Match the leader to the arm more carefully, in poses that differ by 30 degrees and more.",
    };
  }
  const residual = Math.max(...raw.map((value, at) => Math.abs(sign * scale * (value - zero) - (wanted[at] ?? 0))));
  if (residual > MOST_RESIDUAL) {
    return {
      reason: `the matched poses disagree by ${inDegrees(residual)} in ${name}`,
      hint: "Match the leader to the arm again; let it come to rest before pressing the key.",
    };
  }
  return { calibration: { sign, zero, scale }, residual };
}

/** Least squares of wanted against raw; null where the poses hardly differ. */
function slopeOf(raw: readonly number[], wanted: readonly number[]): number | null {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  if (Math.max(...wanted) - Math.min(...wanted) < LEAST_RANGE) {
    return null;
  }
  const [r, w] = [mean(raw), mean(wanted)];
  const spread = raw.reduce((sum, value) => sum + (value - r) ** 2, 0);
  const along = raw.reduce((sum, value, at) => sum + (value - r) * ((wanted[at] ?? 0) - w), 0);
  return spread === 0 ? null : along / spread;
}

function inDegrees(angle: number): string {
  return `${(angle / DEGREE).toFixed(1)} deg`;
}
