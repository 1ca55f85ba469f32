import type { RigidPose } from "../daemon/types/board.js";

/** x, y, z. */
export type Vector3 = readonly [number, number, number];
/** Row by row. */
export type Rotation = RigidPose["rotation"];

/** a + b */
export function plus(a: Vector3, b: Vector3): Vector3 {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

/** a - b */
export function minus(a: Vector3, b: Vector3): Vector3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

/** k a */
export function times(a: Vector3, k: number): Vector3 {
  return [k * a[0], k * a[1], k * a[2]];
}

/** a . b */
export function dot(a: Vector3, b: Vector3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** a x b */
export function cross(a: Vector3, b: Vector3): Vector3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** R v */
export function rotate(r: Rotation, v: Vector3): Vector3 {
  return [dot([r[0], r[1], r[2]], v), dot([r[3], r[4], r[5]], v), dot([r[6], r[7], r[8]], v)];
}

/** The inverse of a rotation. */
export function transpose(r: Rotation): Rotation {
  return [r[0], r[3], r[6], r[1], r[4], r[7], r[2], r[5], r[8]];
}

/** First b, then a. */
export function compose(a: RigidPose, b: RigidPose): RigidPose {
  const columns = transpose(b.rotation);
  const [x, y, z] = [0, 3, 6].map((at) =>
    rotate(a.rotation, [columns[at] ?? 0, columns[at + 1] ?? 0, columns[at + 2] ?? 0]),
  );
  const rotation = transpose([...(x ?? [1, 0, 0]), ...(y ?? [0, 1, 0]), ...(z ?? [0, 0, 1])]);
  return { position: apply(a, b.position), rotation };
}

/** The way back. */
export function invert({ position, rotation }: RigidPose): RigidPose {
  const back = transpose(rotation);
  return { position: times(rotate(back, position), -1), rotation: back };
}

/** Where a point of the moved frame is. */
export function apply(pose: RigidPose, point: Vector3): Vector3 {
  return plus(rotate(pose.rotation, point), pose.position);
}

/** The rotation about an axis by its length, rad (Rodrigues). */
export function rotationOf(turn: Vector3): Rotation {
  const angle = Math.sqrt(dot(turn, turn));
  const [x, y, z] = angle < 1e-12 ? [0, 0, 0] : times(turn, 1 / angle);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const v = 1 - c;
  return [
    c + x * x * v,
    x * y * v - z * s,
    x * z * v + y * s,
    y * x * v + z * s,
    c + y * y * v,
    y * z * v - x * s,
    z * x * v - y * s,
    z * y * v + x * s,
    c + z * z * v,
  ];
}

/** The turn that makes a rotation: its axis times its angle, 0 to pi rad. */
export function turnOf(r: Rotation): Vector3 {
  const axis: Vector3 = [r[7] - r[5], r[2] - r[6], r[3] - r[1]];
  const sine = Math.sqrt(dot(axis, axis)) / 2;
  const cosine = (r[0] + r[4] + r[8] - 1) / 2;
  const angle = Math.atan2(sine, cosine);
  if (sine > 1e-6) {
    return times(axis, angle / (2 * sine));
  }
  if (cosine > 0) {
    return times(axis, 0.5);
  }
  // Half a turn: the axis is the longest column of (R + I) / 2.
  const columns: readonly Vector3[] = [
    [r[0] + 1, r[3], r[6]],
    [r[1], r[4] + 1, r[7]],
    [r[2], r[5], r[8] + 1],
  ];
  const longest = columns.reduce((a, b) => (dot(b, b) > dot(a, a) ? b : a));
  return times(longest, angle / Math.sqrt(dot(longest, longest)));
}

/** A pose from a turn and a position. */
export function poseOf(turn: Vector3, position: Vector3): RigidPose {
  return { position, rotation: rotationOf(turn) };
}

/** How far apart two poses are: m and rad. */
export function apart(a: RigidPose, b: RigidPose): { readonly distance: number; readonly angle: number } {
  const between = minus(a.position, b.position);
  const { rotation } = compose(invert(a), b);
  const turn = turnOf(rotation);
  return { distance: Math.sqrt(dot(between, between)), angle: Math.sqrt(dot(turn, turn)) };
}
