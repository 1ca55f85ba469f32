import { elementAt, type JointVector, type Seconds } from "../types/units.js";
import type { Body } from "./body.js";
import { emptyFrames, linkFrames, pointInBase, type Vector3 } from "./kinematics.js";
import { segmentDistance } from "./segment-distance.js";

/** Where the arm may be and how fast its parts may move there; in the base frame, m and m/s. */
export interface Cell {
  readonly body: Body;
  /** Of every control point. */
  readonly speed: number;
  /** Every bound must be farther away than the arm comes nearer to it in this time. */
  readonly stopping: Seconds;
  /** Every control point stays inside. */
  readonly box: { readonly lowest: Vector3; readonly highest: Vector3 };
  /** Height of the table top, and how far fingertips and housings stay above it. */
  readonly table: { readonly height: number; readonly fingertips: number; readonly housings: number };
  /** Between parts of the arm that can meet. */
  readonly clearance: number;
}

/** Where the control points are and how far inside each bound the arm is, m. */
export interface Placement {
  /** x, y, z of each of the body's points. */
  readonly points: Float64Array;
  /** One for each of the body's bounds; negative is outside. */
  readonly margins: Float64Array;
}

/** Room for a placement. */
export function emptyPlacement({ body }: Cell): Placement {
  return { points: new Float64Array(3 * body.points.length), margins: new Float64Array(body.bounds.length) };
}

// Overwritten by each call and read by none but the same: a tick should not make garbage.
const FRAMES = emptyFrames();
let ends = new Float64Array(0);

/** Works out the placement at joint angles `q` in rad; writes it to `into` and returns that. */
export function place(q: JointVector, cell: Cell, into: Placement): Placement {
  const { body, box, table, clearance } = cell;
  const { points, margins } = into;
  if (ends.length < 6 * body.capsules.length) {
    ends = new Float64Array(6 * body.capsules.length);
  }
  linkFrames(q, FRAMES);
  let bound = 0;
  let at = 0;
  for (const point of body.points) {
    pointInBase(FRAMES, point.frame, point.at, points, at);
    margins[bound++] = insideBox(points, at, box);
    at += 3;
  }
  at = 0;
  for (const { fingertip } of body.points) {
    if (fingertip) {
      margins[bound++] = elementAt(points, at + 2) - table.height - table.fingertips;
    }
    at += 3;
  }
  at = 0;
  for (const { frame, from, to, radius, overTable } of body.capsules) {
    pointInBase(FRAMES, frame, from, ends, at);
    pointInBase(FRAMES, frame, to, ends, at + 3);
    if (overTable) {
      const lowest = Math.min(elementAt(ends, at + 2), elementAt(ends, at + 5)) - radius;
      margins[bound++] = lowest - table.height - table.housings;
    }
    at += 6;
  }
  for (const { one, other, radii } of body.pairs) {
    margins[bound++] = segmentDistance(ends, 6 * one, 6 * other) - radii - clearance;
  }
  return into;
}

/** How far a point is inside the box: to the nearest face, negative outside. */
function insideBox(points: Float64Array, at: number, { lowest, highest }: Cell["box"]): number {
  const x = elementAt(points, at);
  const y = elementAt(points, at + 1);
  const z = elementAt(points, at + 2);
  const above = Math.min(x - lowest[0], y - lowest[1], z - lowest[2]);
  return Math.min(above, highest[0] - x, highest[1] - y, highest[2] - z);
}
