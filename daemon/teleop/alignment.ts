import { type Instant, type JointVector, jointAt, mapJoints } from "../types/units.js";
import type { LeaderLimits } from "../watch/leader-limits.js";
import type { LeaderPose } from "./leader-pose.js";

// Interlocks: OP-07.

/** How the leader stands to the arm. */
export interface Alignment {
  /** Leader less arm, rad. */
  readonly differences: JointVector;
  /** Since when every joint has been near and slow; Infinity while one is not. */
  readonly since: Instant;
}

/** Judges the leader against the arm's commanded pose, rad. */
export function aligned(
  before: Alignment | null,
  { q, v }: LeaderPose,
  commanded: JointVector,
  now: Instant,
  limits: LeaderLimits,
): Alignment {
  const differences = mapJoints(q, (angle, joint) => angle - jointAt(commanded, joint));
  const { distance, speed } = limits.aligned;
  const near = differences.every((difference) => Math.abs(difference) <= distance);
  const slow = v.every((rate) => Math.abs(rate) < speed);
  return { differences, since: near && slow ? Math.min(before?.since ?? Infinity, now) : Infinity };
}

/** True once the leader has been aligned for long enough. */
export function isAligned({ since }: Alignment, now: Instant, { aligned: { lasting } }: LeaderLimits): boolean {
  return now - since >= lasting;
}

/** The joint that is farthest from the arm, 0 to 6, and how far, rad. */
export function farthest(differences: JointVector): { readonly joint: number; readonly difference: number } {
  let worst = { joint: 0, difference: jointAt(differences, 0) };
  for (const [joint, difference] of differences.entries()) {
    // Written so that NaN is farthest, and stays it.
    if (!(Number.isNaN(worst.difference) || Math.abs(difference) <= Math.abs(worst.difference))) {
      worst = { joint, difference };
    }
  }
  return worst;
}
