import { elementAt, type JointVector, type Seconds } from "../types/units.js";
import { type Body, tableBounds } from "./body.js";
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
  readonly table: {
    readonly height: number;
    readonly fingertips: number;
    readonly housings: number;
    /** As it was measured, where it was: fingertips and housings stay as far above it, too. */
    readonly plane: TablePlane | null;
  };
  /** Between parts of the arm that can meet. */
  readonly clearance: number;
}

/** The table top as a plane in the base frame: points p with normal . p = height, m. The normal is of length 1 and points up. */
export interface TablePlane {
  readonly normal: Vector3;
  readonly height: number;
}

/** A cell whose table was measured. The bounds of a level table at its height stay: a plane can only add to them. */
export function withTablePlane(cell: Cell, plane: TablePlane): Cell {
  const { body, table } = cell;
  return { ...cell, body: { ...body, bounds: [...body.bounds, ...tableBounds(body)] }, table: { ...table, plane } };
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
  if (table.plane !== null) {
    placeOver(table.plane, cell, points, margins, bound);
  }
  return into;
}

/** The margins to a measured table, from index `bound` on, in the order of `tableBounds`. */
function placeOver(
  plane: TablePlane,
  { body, table }: Cell,
  points: Float64Array,
  margins: Float64Array,
  from: number,
): void {
  let bound = from;
  let at = 0;
  for (const { fingertip } of body.points) {
    if (fingertip) {
      margins[bound++] = above(plane, points, at) - table.fingertips;
    }
    at += 3;
  }
  at = 0;
  for (const { radius, overTable } of body.capsules) {
    if (overTable) {
      margins[bound++] = Math.min(above(plane, ends, at), above(plane, ends, at + 3)) - radius - table.housings;
    }
    at += 6;
  }
}

/** How far a point is above a plane, m. */
function above({ normal, height }: TablePlane, points: Float64Array, at: number): number {
  const [x, y, z] = normal;
  return x * elementAt(points, at) + y * elementAt(points, at + 1) + z * elementAt(points, at + 2) - height;
}

/** How far a point is inside the box: to the nearest face, negative outside. */
function insideBox(points: Float64Array, at: number, { lowest, highest }: Cell["box"]): number {
  const x = elementAt(points, at);
  const y = elementAt(points, at + 1);
  const z = elementAt(points, at + 2);
  const above = Math.min(x - lowest[0], y - lowest[1], z - lowest[2]);
  return Math.min(above, highest[0] - x, highest[1] - y, highest[2] - z);
}
