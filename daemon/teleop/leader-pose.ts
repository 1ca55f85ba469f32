import type { PuppetCalibration, PuppetSample } from "../types/puppet.js";
import { type Instant, type JointVector, jointAt, mapJoints, type Seconds } from "../types/units.js";

/** One reading of the leader in the arm's angles. */
export interface LeaderPose {
  /** When it was read. */
  readonly at: Instant;
  /** As read, whole turns followed, rad. */
  readonly raw: JointVector;
  /** The same in the arm's signs, zeros and scale, rad. */
  readonly q: JointVector;
  /** rad/s, smoothed over 50 ms. */
  readonly v: JointVector;
  /** A reading before it from which its step's speed is counted: the one before, or where that came too soon an older one. */
  readonly from: { readonly at: Instant; readonly q: JointVector };
}

const TURN = 2 * Math.PI;
/** Of the smoothed speed. */
const SMOOTHING: Seconds = 0.05;
/** Readings come 200 a second; on a loaded host two that came closer together count as this far apart. */
const PERIOD: Seconds = 0.005;
/** A step's speed is counted over at least this: a reading that a loaded host took late is followed by one that is in time. */
const LEAST_SPAN: Seconds = 0.008;

/**
 * The arm's angles for a reading. Whole turns are followed from the reading before; of a first one they are chosen so that
 * it lies nearest to `near`, rad, because an encoder may count its turns from anywhere.
 */
export function leaderPose(
  { at, angles }: PuppetSample,
  { joints }: PuppetCalibration,
  before: LeaderPose | null,
  near: JointVector,
): LeaderPose {
  const gain = mapJoints(
    near,
    (_, joint) => (joints[joint]?.sign ?? Number.NaN) * (joints[joint]?.scale ?? Number.NaN),
  );
  const zero = mapJoints(near, (_, joint) => joints[joint]?.zero ?? Number.NaN);
  const expected =
    before?.raw ?? mapJoints(near, (angle, joint) => jointAt(zero, joint) + angle / jointAt(gain, joint));
  const raw = mapJoints(angles, (angle, joint) => angle + TURN * Math.round((jointAt(expected, joint) - angle) / TURN));
  const q = mapJoints(raw, (angle, joint) => jointAt(gain, joint) * (angle - jointAt(zero, joint)));
  if (before === null) {
    return { at, raw, q, v: mapJoints(q, () => 0), from: { at, q } };
  }
  const apart = Math.max(at - before.at, PERIOD);
  const part = apart / (apart + SMOOTHING);
  const v = mapJoints(before.v, (speed, joint) => {
    return speed + part * ((jointAt(q, joint) - jointAt(before.q, joint)) / apart - speed);
  });
  const from = before.at - before.from.at >= LEAST_SPAN || before.from.at === before.at ? before : before.from;
  return { at, raw, q, v, from: { at: from.at, q: from.q } };
}

/** How far any joint went from one reading to the next, rad, and how fast in these 8 ms or more, rad/s. */
export function leaderStep(
  before: LeaderPose,
  next: LeaderPose,
): { readonly distance: number; readonly speed: number } {
  const { at, q } = next.from;
  const farthest = (start: JointVector): number =>
    Math.max(...next.q.map((angle, joint) => Math.abs(angle - jointAt(start, joint))));
  return { distance: farthest(before.q), speed: farthest(q) / Math.max(next.at - at, LEAST_SPAN) };
}

/** True when a reading says the very same as the one before. */
export function isSameReading(before: LeaderPose, next: LeaderPose): boolean {
  return next.raw.every((angle, joint) => angle === jointAt(before.raw, joint));
}
