/** A printed chessboard: inner corners along its longer and shorter side, one of them odd and one even. */
export interface Board {
  readonly columns: number;
  readonly rows: number;
  /** Side of a square, m. */
  readonly square: number;
}

/** x to the right, y down, in pixels; the middle of the first pixel is 0, 0. */
export type PicturePoint = readonly [number, number];

/** Pinhole camera with Brown's distortion, as OpenCV writes it. */
export interface Intrinsics {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly fx: number;
  readonly fy: number;
  readonly cx: number;
  readonly cy: number;
  /** k1, k2, p1, p2, k3 */
  readonly distortion: readonly [number, number, number, number, number];
}

/** Where a rigid body is in another frame; a rotation's columns are its axes, written row by row. */
export interface RigidPose {
  /** m */
  readonly position: readonly [number, number, number];
  readonly rotation: readonly [number, number, number, number, number, number, number, number, number];
}

/** The inner corners in the board's own frame, in the order of `BoardPicture.corners`: its middle is the origin, m. */
export function boardPoints({ columns, rows, square }: Board): readonly (readonly [number, number, number])[] {
  return Array.from({ length: columns * rows }, (_, index) => [
    ((index % columns) - (columns - 1) / 2) * square,
    (Math.floor(index / columns) - (rows - 1) / 2) * square,
    0,
  ]);
}
