import { type Board, boardPoints, type RigidPose } from "../daemon/types/board.js";
import type { Refusal } from "./hand-eye.js";
import { leastSquares } from "./least-squares.js";
import { apply, type Vector3 } from "./rigid.js";

/** A plane in the base frame: points p with normal . p = height, m; the normal points up. */
export interface Plane {
  readonly normal: Vector3;
  readonly height: number;
  /** Root of the mean square of the distances from it, m. */
  readonly rms: number;
}

/** A board that was moved by less says nothing of the table's tilt. */
const LEAST_APART = 0.1;
/** A table top is flat to a few millimetres. */
const MOST_RMS = 0.003;

/** The table from boards that lay on it; `thickness` of the board, m. */
export function solveTable(board: Board, thickness: number, places: readonly RigidPose[]): Plane | Refusal {
  const middles = places.map(({ position }) => position);
  const apart = Math.max(0, ...middles.flatMap((a) => middles.map((b) => Math.hypot(a[0] - b[0], a[1] - b[1]))));
  if (places.length < 3 || apart < LEAST_APART) {
    return {
      reason: `the board lay in ${places.length} places, ${(100 * apart).toFixed(0)} cm apart at most`,
      hint: "Lay it flat on the table in three places or more, at least 10 cm apart.",
    };
  }
  const points = places.flatMap((pose) => boardPoints(board).map((point) => apply(pose, point)));
  const solved = leastSquares(
    points.map(([x, y]) => [x, y, 1]),
    points.map(([, , z]) => z),
  );
  const [a, b, c] = solved ?? [];
  if (a === undefined || b === undefined || c === undefined) {
    return { reason: "the places lie on one line", hint: "Lay the board in places that form a triangle." };
  }
  const size = Math.hypot(a, b, 1);
  const normal: Vector3 = [-a / size, -b / size, 1 / size];
  const squares = points.reduce((sum, [x, y, z]) => sum + ((z - a * x - b * y - c) / size) ** 2, 0);
  const rms = Math.sqrt(squares / points.length);
  if (rms > MOST_RMS) {
    return {
      reason: `the board's corners are ${(1000 * rms).toFixed(1)} mm off one plane, 3 mm at most`,
      hint: "Lay the board flat on the bare table each time, and repeat hand-eye if it stays.",
    };
  }
  return { normal, height: c / size - thickness, rms };
}
