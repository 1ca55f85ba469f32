import { elementAt, JOINT_COUNT, type JointVector, jointAt } from "../types/units.js";

/** x, y, z in metres. */
export type Vector3 = readonly [number, number, number];

/** A pose in the base frame. */
export interface Pose {
  readonly position: Vector3;
  /** Rotation matrix, row by row; its columns are the axes of the moved frame. */
  readonly rotation: readonly [number, number, number, number, number, number, number, number, number];
}

// Modified DH of the RM75-B (vendor's parameter table), joint by joint: cosine and sine of the twist about x before the
// joint, then the length d along z in metres. Link lengths a and joint offsets are zero.
const TWIST_COS = Float64Array.of(1, 0, 0, 0, 0, 0, 0);
const TWIST_SIN = Float64Array.of(0, -1, 1, -1, 1, -1, 1);
const D = Float64Array.of(0.2405, 0, 0.256, 0, 0.21, 0, 0.144);

/** Numbers of one frame: the rotation row by row, then x, y, z. */
const FRAME = 12;

/**
 * Frames of the arm in the base frame: number 0 is the base, number n turns with joint n, the last one is the flange.
 */
export type LinkFrames = Float64Array;

/** Room for the frames of one pose; the base stands at the origin. */
export function emptyFrames(): LinkFrames {
  const frames = new Float64Array(FRAME * (JOINT_COUNT + 1));
  frames[0] = frames[4] = frames[8] = 1;
  return frames;
}

/** Fills `frames` for joint angles in rad. */
export function linkFrames(q: JointVector, frames: LinkFrames): void {
  let [xx, xy, xz, yx, yy, yz, zx, zy, zz] = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  let [px, py, pz] = [0, 0, 0];
  let at = FRAME;
  for (let joint = 0; joint < JOINT_COUNT; joint++) {
    const ct = elementAt(TWIST_COS, joint);
    const st = elementAt(TWIST_SIN, joint);
    const d = elementAt(D, joint);
    // Twist about x mixes the second and third column.
    let mixed = xy * ct + xz * st;
    xz = xz * ct - xy * st;
    xy = mixed;
    mixed = yy * ct + yz * st;
    yz = yz * ct - yy * st;
    yy = mixed;
    mixed = zy * ct + zz * st;
    zz = zz * ct - zy * st;
    zy = mixed;
    px += xz * d;
    py += yz * d;
    pz += zz * d;
    const angle = jointAt(q, joint);
    const c = Math.cos(angle);
    const s = Math.sin(angle);
    mixed = xx * c + xy * s;
    xy = xy * c - xx * s;
    xx = mixed;
    mixed = yx * c + yy * s;
    yy = yy * c - yx * s;
    yx = mixed;
    mixed = zx * c + zy * s;
    zy = zy * c - zx * s;
    zx = mixed;
    frames[at] = xx;
    frames[at + 1] = xy;
    frames[at + 2] = xz;
    frames[at + 3] = yx;
    frames[at + 4] = yy;
    frames[at + 5] = yz;
    frames[at + 6] = zx;
    frames[at + 7] = zy;
    frames[at + 8] = zz;
    frames[at + 9] = px;
    frames[at + 10] = py;
    frames[at + 11] = pz;
    at += FRAME;
  }
}

/** Writes the base-frame position of `point`, given in frame `frame`, to `out` from `at` on. */
export function pointInBase(frames: LinkFrames, frame: number, point: Vector3, out: Float64Array, at: number): void {
  const from = frame * FRAME;
  const [x, y, z] = point;
  for (let row = 0; row < 3; row++) {
    const first = from + 3 * row;
    out[at + row] =
      elementAt(frames, first) * x +
      elementAt(frames, first + 1) * y +
      elementAt(frames, first + 2) * z +
      elementAt(frames, from + 9 + row);
  }
}

/** Pose of the flange in the base frame for joint angles in rad. */
export function flangePose(q: JointVector): Pose {
  const frames = emptyFrames();
  linkFrames(q, frames);
  const n = (index: number): number => elementAt(frames, JOINT_COUNT * FRAME + index);
  return {
    position: [n(9), n(10), n(11)],
    rotation: [n(0), n(1), n(2), n(3), n(4), n(5), n(6), n(7), n(8)],
  };
}
