import { type JointPosition, jointAt } from "../types/units.js";

/** A pose in the base frame. */
export interface Pose {
  /** x, y, z in metres. */
  readonly position: readonly [number, number, number];
  /** Rotation matrix, row by row; its columns are the axes of the moved frame. */
  readonly rotation: readonly [number, number, number, number, number, number, number, number, number];
}

/**
 * Modified DH of the RM75-B (vendor's parameter table): twist about x before the joint as [cos, sin], then the length
 * d along z in metres. Link lengths a and joint offsets are zero.
 */
const LINKS: readonly { readonly twist: readonly [number, number]; readonly d: number }[] = [
  { twist: [1, 0], d: 0.2405 },
  { twist: [0, -1], d: 0 },
  { twist: [0, 1], d: 0.256 },
  { twist: [0, -1], d: 0 },
  { twist: [0, 1], d: 0.21 },
  { twist: [0, -1], d: 0 },
  { twist: [0, 1], d: 0.144 },
];

/** Pose of the flange in the base frame for joint angles in rad. */
export function flangePose(q: JointPosition): Pose {
  let [xx, xy, xz, yx, yy, yz, zx, zy, zz] = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  let [px, py, pz] = [0, 0, 0];
  for (const [index, { twist, d }] of LINKS.entries()) {
    const [ct, st] = twist;
    // Twist about x mixes the second and third column.
    [xy, xz] = [xy * ct + xz * st, xz * ct - xy * st];
    [yy, yz] = [yy * ct + yz * st, yz * ct - yy * st];
    [zy, zz] = [zy * ct + zz * st, zz * ct - zy * st];
    [px, py, pz] = [px + xz * d, py + yz * d, pz + zz * d];
    const angle = jointAt(q, index);
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    [xx, xy] = [xx * c + xy * s, xy * c - xx * s];
    [yx, yy] = [yx * c + yy * s, yy * c - yx * s];
    [zx, zy] = [zx * c + zy * s, zy * c - zx * s];
  }
  return { position: [px, py, pz], rotation: [xx, xy, xz, yx, yy, yz, zx, zy, zz] };
}
