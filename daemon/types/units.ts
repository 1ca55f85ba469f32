/** Joints of an RM75, J1 (base) to J7 (flange). */
export const JOINT_COUNT = 7;

/** A length of time in seconds. */
export type Seconds = number;

/** An instant on the host's monotonic clock (`process.hrtime`), in seconds; shared by all processes of the host. */
export type Instant = number;

/** Seven finite numbers, J1 to J7. */
export type JointVector = readonly [number, number, number, number, number, number, number];

declare const jointPositionBrand: unique symbol;

/** Joint angles in rad, J1 to J7, vendor signs (modified DH), J7 not wrapped. */
export type JointPosition = JointVector & { readonly [jointPositionBrand]: true };

/** True for an array of exactly seven finite numbers; nothing is coerced. */
export function isJointVector(value: unknown): value is JointVector {
  return (
    Array.isArray(value) &&
    value.length === JOINT_COUNT &&
    value.every((item) => typeof item === "number" && Number.isFinite(item))
  );
}

/** Makes a joint position from seven finite angles in rad; throws RangeError otherwise. */
export function jointPosition(angles: readonly number[]): JointPosition {
  if (!isJointVector(angles)) {
    throw new RangeError(`a joint position is ${JOINT_COUNT} finite angles in rad, got [${angles.join(", ")}]`);
  }
  return angles as JointPosition;
}

/** Applies `f` to each joint of one vector. */
export function mapJoints(v: JointVector, f: (value: number, joint: number) => number): JointVector {
  return [f(v[0], 0), f(v[1], 1), f(v[2], 2), f(v[3], 3), f(v[4], 4), f(v[5], 5), f(v[6], 6)];
}

/** One joint of a vector, 0 (J1) to 6 (J7); NaN outside, which no bound accepts. */
export function jointAt(v: JointVector, joint: number): number {
  return v[joint] ?? Number.NaN;
}

/** One element of an array of numbers; NaN outside, which no bound accepts. */
export function elementAt(array: Float64Array, index: number): number {
  return array[index] ?? Number.NaN;
}
