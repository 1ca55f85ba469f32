import { JOINT_COUNT, type JointVector, jointAt, mapJoints } from "../types/units.js";
import type { LeaderLimits } from "../watch/leader-limits.js";
import type { LeaderPose } from "./leader-pose.js";

// Interlocks: OP-10.

/** How far the sign test of a leader is: joint after joint is turned by hand in the direction that is asked for. */
export interface SignTest {
  /** The joint that is to be turned, 0 to 6; 7 once all were. */
  readonly joint: number;
  /** Where the leader stood when this joint was asked for, rad; null until it stands still. */
  readonly from: JointVector | null;
  /** The joint that went the other way; null for none. It needs another calibration, not another try. */
  readonly mirrored: number | null;
}

/** Nothing is tested yet. */
export const UNTESTED: SignTest = { joint: 0, from: null, mirrored: null };

/** Another joint that turns this many times as far as was asked means that the wrong one was taken; it is asked again. */
const WRONG_JOINT = 3;

/** The test after a reading. */
export function signTested(test: SignTest, { q, v }: LeaderPose, { sign, aligned }: LeaderLimits): SignTest {
  const { joint, from, mirrored } = test;
  if (joint >= JOINT_COUNT || mirrored !== null) {
    return test;
  }
  const rests = v.every((speed) => Math.abs(speed) < aligned.speed);
  if (from === null) {
    return rests ? { ...test, from: q } : test;
  }
  const turned = jointAt(q, joint) - jointAt(from, joint);
  const others = q.map((angle, other) => (other === joint ? 0 : Math.abs(angle - jointAt(from, other))));
  const most = Math.max(...others);
  if (Math.abs(turned) >= sign && Math.abs(turned) > most) {
    return turned > 0 ? { joint: joint + 1, from: null, mirrored: null } : { ...test, mirrored: joint };
  }
  if (most >= WRONG_JOINT * sign) {
    return { ...test, from: null };
  }
  // Where the others have come to rest meanwhile, the one before on its way back for example, counts from now on.
  return rests
    ? { ...test, from: mapJoints(q, (angle, other) => (other === joint ? jointAt(from, joint) : angle)) }
    : test;
}

/** True once every joint has turned as it was asked to. */
export function isSignTested({ joint, mirrored }: SignTest): boolean {
  return mirrored === null && joint >= JOINT_COUNT;
}

/**
 * Which way each joint's angle grows, for the person who turns it: joints 1, 3, 5 and 7 turn about their own links, counted
 * counter-clockwise by who looks from the hand towards the base; joints 2, 4 and 6 bend. Held against the arm's kinematics
 * in test/teleop.
 */
const GROWS = [
  "to the left, seen from above",
  "forwards, away from its back",
  "counter-clockwise, seen from the hand",
  "so that the forearm bends forwards",
  "counter-clockwise, seen from the hand",
  "so that the hand bends forwards",
  "counter-clockwise, seen from the hand",
] as const;

/** What to do next for the sign test, in words. */
export function signTestAsks({ joint }: SignTest): string {
  return `turn joint ${joint + 1} of the puppet a little (3 to 5 degrees) ${GROWS[joint] ?? ""}`;
}
