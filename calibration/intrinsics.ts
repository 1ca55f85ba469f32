import type { BoardEye, BoardPlace } from "../daemon/ports/board-eye.js";
import type { Board, Intrinsics, PicturePoint } from "../daemon/types/board.js";
import type { Refusal } from "./hand-eye.js";
import { dot, rotationOf } from "./rigid.js";

/** With fewer, focal length and distance of the board trade against each other. */
export const LEAST_PICTURES = 8;
const DEGREE = Math.PI / 180;
/** Boards that are all nearly parallel leave the focal length open (Zhang 2000). */
const LEAST_TILT_APART = 20 * DEGREE;
/** A corner is found to a tenth of a pixel; a lens without a fault leaves a few tenths. */
const MOST_RMS = 1;

/** A calibrated camera and how well it explains what was seen. */
export interface SolvedCamera {
  readonly camera: Intrinsics;
  /** Pixels. */
  readonly rms: number;
  readonly pictures: number;
}

/** Solves a camera from pictures of a board, or says why they are not enough. */
export async function solveIntrinsics(
  eye: BoardEye,
  board: Board,
  size: { readonly width: number; readonly height: number },
  views: readonly (readonly PicturePoint[])[],
): Promise<SolvedCamera | Refusal> {
  if (views.length < LEAST_PICTURES) {
    return {
      reason: `the board was found in ${views.length} pictures of at least ${LEAST_PICTURES}`,
      hint: "Take more: all of the board in the picture, flat, sharp, evenly lit, with its white margin.",
    };
  }
  const { camera, places, rms } = await eye.solveCamera(views, board, size);
  const apart = widestTilt(places);
  if (apart < LEAST_TILT_APART) {
    return {
      reason: `the board was tilted by ${(apart / DEGREE).toFixed(0)} degrees at most between the pictures`,
      hint: "Tilt it by 20 to 40 degrees, to the left, right, front and back, near and far.",
    };
  }
  if (!(rms <= MOST_RMS)) {
    return {
      reason: `corners are ${rms.toFixed(1)} pixels from where they should be, ${MOST_RMS} at most`,
      hint: "Is the board flat and its size as told? Hold it still; leave out blurred pictures (look at the saved ones).",
    };
  }
  return { camera, rms, pictures: views.length };
}

/** The largest angle between the boards' normals, rad. */
function widestTilt(places: readonly BoardPlace[]): number {
  const normals = places.map(({ turn }) => {
    const r = rotationOf(turn);
    return [r[2], r[5], r[8]] as const;
  });
  return Math.max(
    ...normals.flatMap((a, index) => normals.slice(index + 1).map((b) => Math.acos(Math.min(1, Math.max(-1, dot(a, b)))))),
    0,
  );
}
