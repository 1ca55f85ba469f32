import { type Board, boardPoints, type Intrinsics, type PicturePoint, type RigidPose } from "../daemon/types/board.js";
import { leastSquares, refine } from "./least-squares.js";
import { project, withFocal } from "./project.js";
import { apply, compose, cross, dot, invert, minus, poseOf, rotate, turnOf, type Vector3 } from "./rigid.js";

/** The board as the wrist camera saw it from one pose of the arm. */
export interface WristView {
  /** Of the flange in the base frame. */
  readonly flange: RigidPose;
  readonly corners: readonly PicturePoint[];
  /** Of the board in the camera's frame. */
  readonly board: RigidPose;
  /** Views of the board in one place have the same number, 0 to the last. */
  readonly place: number;
}

/** The board as the front camera saw it. */
export type FrontView = Omit<WristView, "flange">;

/** What was looked at, and by which cameras. */
export interface HandEyeViews {
  readonly board: Board;
  readonly wristCamera: Intrinsics;
  readonly wrist: readonly WristView[];
  readonly frontCamera: Intrinsics;
  /** Empty where the front camera is not asked for. */
  readonly front: readonly FrontView[];
}

/** Where the cameras are. */
export interface HandEye {
  /** Of the wrist camera in the flange's frame. */
  readonly wrist: RigidPose;
  /** Of the front camera in the base frame; null without views of it. */
  readonly front: RigidPose | null;
  /** Of the board in the base frame, place by place. */
  readonly boards: readonly RigidPose[];
  /**
   * The wrist camera's focal length against that of its lens file. The arm's poses fix it better than boards alone do, and an
   * error of 1 % in it would put the camera 3 mm away.
   */
  readonly focalScale: number;
  /** Between corners seen and corners expected, pixels. */
  readonly rms: number;
}

/** Why the views tell nothing, and what to do. */
export interface Refusal {
  readonly reason: string;
  readonly hint: string;
}

/** Fewer views than this leave no way to see a bad one. */
export const LEAST_VIEWS = 6;
const DEGREE = Math.PI / 180;
/** Turns smaller than this say little of their axis. */
const LEAST_TURN = 8 * DEGREE;
/** Axes nearer than this are one: along it the camera's place stays open. */
const LEAST_BETWEEN_AXES = 20 * DEGREE;
/** Corners are found to a tenth of a pixel; ten times that is another board, a board that moved, or a wrong pose. */
const MOST_RMS = 1;
/** A lens calibration is within 1 %; this is another lens, or another size of the board's squares. */
const MOST_FOCAL_ERROR = 0.03;

/** Solves A X = X B for the camera on the flange, then refines cameras and boards together on the corners. */
export function solveHandEye(views: HandEyeViews): HandEye | Refusal {
  if (views.wrist.length < LEAST_VIEWS) {
    return {
      reason: `the board was seen in ${views.wrist.length} of at least ${LEAST_VIEWS} pictures`,
      hint: "Put the board where the wrist camera sees all of it, well lit and without glare, and take more.",
    };
  }
  const motions = motionsOf(views.wrist);
  const turned = motions.filter(({ a }) => length(turnOf(a.rotation)) > LEAST_TURN);
  if (!axesSpread(turned.map(({ a }) => turnOf(a.rotation)))) {
    return {
      reason: "the arm turned about one axis only between the pictures, or hardly at all",
      hint: "Tilt the wrist in several directions, by 15 degrees and more, between the pictures.",
    };
  }
  const start = closedForm(turned);
  if (start === null) {
    return { reason: "the poses do not fix where the camera is", hint: "Take pictures from more different poses." };
  }
  const found = refineAll(views, start);
  if (found.rms > MOST_RMS) {
    return {
      reason: `corners are ${found.rms.toFixed(1)} pixels from where they should be, ${MOST_RMS} at most`,
      hint: "Did the board stay in place, is its square's size right, and are the cameras the calibrated ones?",
    };
  }
  if (Math.abs(found.focalScale - 1) > MOST_FOCAL_ERROR) {
    return {
      reason: `the wrist camera's focal length is ${(100 * (found.focalScale - 1)).toFixed(1)} % from its calibration`,
      hint: "Is the board's square the size that was given? Else calibrate the lens again: kinevla calibrate camera wrist.",
    };
  }
  return found;
}

interface Motion {
  /** Of the flange, from the first view to the second. */
  readonly a: RigidPose;
  /** Of the board in the camera between the same. */
  readonly b: RigidPose;
}

function motionsOf(views: readonly WristView[]): readonly Motion[] {
  return views.flatMap((first, index) =>
    views
      .slice(index + 1)
      .filter((second) => second.place === first.place)
      .map((second) => ({
        a: compose(invert(second.flange), first.flange),
        b: compose(second.board, invert(first.board)),
      })),
  );
}

function axesSpread(turns: readonly Vector3[]): boolean {
  return turns.some((a, index) =>
    turns.slice(index + 1).some((b) => length(cross(a, b)) > length(a) * length(b) * Math.sin(LEAST_BETWEEN_AXES)),
  );
}

function length(v: Vector3): number {
  return Math.sqrt(dot(v, v));
}

/** A X = X B: the rotation turns B's axes into A's (Park and Martin 1994), the shift follows from it linearly. */
function closedForm(motions: readonly Motion[]): RigidPose | null {
  const rotation = alignment(motions.map(({ a, b }) => [turnOf(b.rotation), turnOf(a.rotation)] as const));
  const rows: number[][] = [];
  const right: number[] = [];
  for (const { a, b } of motions) {
    const r = a.rotation;
    const wanted = minus(rotate(rotation, b.position), a.position);
    rows.push([r[0] - 1, r[1], r[2]], [r[3], r[4] - 1, r[5]], [r[6], r[7], r[8] - 1]);
    right.push(...wanted);
  }
  const [x, y, z] = leastSquares(rows, right) ?? [];
  return x === undefined || y === undefined || z === undefined ? null : { position: [x, y, z], rotation };
}

/**
 * The rotation that best turns each first vector into its second: the dominant eigenvector of Davenport's matrix as a
 * quaternion, found by squaring the matrix again and again.
 */
function alignment(pairs: readonly (readonly [Vector3, Vector3])[]): RigidPose["rotation"] {
  const s = (i: number, j: number): number => pairs.reduce((sum, [from, to]) => sum + (from[i] ?? 0) * (to[j] ?? 0), 0);
  const trace = s(0, 0) + s(1, 1) + s(2, 2);
  const [u, v, w] = [s(1, 2) - s(2, 1), s(2, 0) - s(0, 2), s(0, 1) - s(1, 0)];
  const [xy, xz, yz] = [s(0, 1) + s(1, 0), s(0, 2) + s(2, 0), s(1, 2) + s(2, 1)];
  let k: readonly (readonly number[])[] = [
    [trace, u, v, w],
    [u, 2 * s(0, 0) - trace, xy, xz],
    [v, xy, 2 * s(1, 1) - trace, yz],
    [w, xz, yz, 2 * s(2, 2) - trace],
  ];
  // Made positive, so that the largest eigenvalue is also the one of largest size.
  const shift = 3 * pairs.reduce((sum, [from, to]) => sum + length(from) * length(to), 0);
  k = k.map((row, i) => row.map((value, j) => (i === j ? value + shift : value)));
  for (let squaring = 0; squaring < 40; squaring++) {
    const before = k;
    const squared = before.map((row) =>
      row.map((_, j) => row.reduce((sum, value, m) => sum + value * (before[m]?.[j] ?? 0), 0)),
    );
    const largest = Math.max(...squared.flat().map(Math.abs));
    k = squared.map((row) => row.map((value) => value / largest));
  }
  const size = (row: readonly number[]): number => Math.hypot(...row);
  const best = k.reduce((a, b) => (size(b) > size(a) ? b : a));
  const [qw = 1, qx = 0, qy = 0, qz = 0] = best.map((value) => value / size(best));
  return [
    1 - 2 * (qy * qy + qz * qz),
    2 * (qx * qy - qz * qw),
    2 * (qx * qz + qy * qw),
    2 * (qx * qy + qz * qw),
    1 - 2 * (qx * qx + qz * qz),
    2 * (qy * qz - qx * qw),
    2 * (qx * qz - qy * qw),
    2 * (qy * qz + qx * qw),
    1 - 2 * (qx * qx + qy * qy),
  ];
}

function refineAll({ board, wristCamera, wrist, frontCamera, front }: HandEyeViews, start: RigidPose): HandEye {
  const points = boardPoints(board);
  const places = 1 + Math.max(...[...wrist, ...front].map(({ place }) => place));
  const boards = Array.from({ length: places }, (_, place) => {
    const seen = wrist.find((view) => view.place === place);
    return seen === undefined ? start : compose(compose(seen.flange, start), seen.board);
  });
  const [first] = front;
  const frontStart = first === undefined ? null : compose(boards[first.place] ?? start, invert(first.board));
  const poses = [start, ...boards, ...(frontStart === null ? [] : [frontStart])];
  const packed = [...poses.flatMap(({ rotation, position }) => [...turnOf(rotation), ...position]), 1];
  const poseAt = (x: readonly number[], index: number): RigidPose => {
    const n = (k: number): number => x[6 * index + k] ?? 0;
    return poseOf([n(0), n(1), n(2)], [n(3), n(4), n(5)]);
  };
  const errors = (toCamera: RigidPose, corners: readonly PicturePoint[], camera: Intrinsics): number[] =>
    points.flatMap((point, index) => {
      const [x, y] = project(apply(toCamera, point), camera);
      return [x - (corners[index]?.[0] ?? 0), y - (corners[index]?.[1] ?? 0)];
    });
  const { x, rms } = refine(packed, (at) => {
    const fromWrist = invert(poseAt(at, 0));
    const fromFront = invert(poseAt(at, 1 + places));
    const lens = withFocal(wristCamera, at.at(-1) ?? 1);
    return [
      ...wrist.flatMap(({ flange, corners, place }) =>
        errors(compose(fromWrist, compose(invert(flange), poseAt(at, 1 + place))), corners, lens),
      ),
      ...front.flatMap(({ corners, place }) => errors(compose(fromFront, poseAt(at, 1 + place)), corners, frontCamera)),
    ];
  });
  return {
    wrist: poseAt(x, 0),
    front: frontStart === null ? null : poseAt(x, 1 + places),
    boards: boards.map((_, place) => poseAt(x, 1 + place)),
    focalScale: x.at(-1) ?? 1,
    // Of both coordinates together.
    rms: rms * Math.SQRT2,
  };
}
