import type { Vector3 } from "./kinematics.js";

/** A point of the arm that is watched for speed and for the workspace box. */
export interface ControlPoint {
  readonly name: string;
  /** Number of the link frame that it moves with; 7 is the flange. */
  readonly frame: number;
  /** In that frame, m. */
  readonly at: Vector3;
  /** It may come as near to the table as a fingertip. */
  readonly fingertip: boolean;
}

/** A part of the arm's body: all points within `radius` of a segment, in a link frame, m. */
export interface Capsule {
  readonly name: string;
  readonly frame: number;
  readonly from: Vector3;
  readonly to: Vector3;
  readonly radius: number;
  /** It is kept away from the table. */
  readonly overTable: boolean;
}

/** Two capsules that can meet. */
export interface CapsulePair {
  /** Their indices. */
  readonly one: number;
  readonly other: number;
  /** Sum of their radii, m. */
  readonly radii: number;
  /** Their names. */
  readonly part: string;
}

/** What is mounted on the flange, in the flange's frame. */
export interface Hand {
  /** Corners of the fingertips, m, fingers fully open: they contain the fingertips at every other opening. */
  readonly fingertips: readonly Vector3[];
  readonly capsules: readonly Pick<Capsule, "name" | "from" | "to" | "radius" | "overTable">[];
}

/** A bound on where the arm may be, and the part of the arm that it holds for. */
export interface Bound {
  readonly kind: "workspace" | "table" | "self-collision";
  readonly part: string;
}

/** The arm with its hand, as far as it may touch itself, the table or the edge of its workspace. */
export interface Body {
  readonly points: readonly ControlPoint[];
  readonly capsules: readonly Capsule[];
  readonly pairs: readonly CapsulePair[];
  /**
   * The box for each point, the table for fingertips and then capsules, the clearance of each pair, and where the table was
   * measured, that for the same as the table: in this order.
   */
  readonly bounds: readonly Bound[];
}

const FLANGE = 7;

/**
 * Housings of the RM75-B. The base has 107 mm (vendor's drawing); the other radii and lengths are [A]: the outline of the
 * housings with a few millimetres, chosen so that at 20 mm clearance every pose is too close that the vendor's algorithm
 * library 1.6.0 calls colliding, and no pose that it calls free (28 and 40 poses, `test/fixtures`).
 */
const ARM: readonly Capsule[] = [
  { name: "base", frame: 0, from: [0, 0, 0.04], to: [0, 0, 0.16], radius: 0.0535, overTable: false },
  { name: "shoulder", frame: 2, from: [0, 0, -0.03], to: [0, 0, 0.03], radius: 0.054, overTable: false },
  { name: "upper arm", frame: 2, from: [0, 0, 0], to: [0, -0.2, 0], radius: 0.048, overTable: false },
  { name: "elbow", frame: 4, from: [0, 0, -0.03], to: [0, 0, 0.03], radius: 0.044, overTable: true },
  { name: "forearm", frame: 4, from: [0, 0, 0], to: [0, -0.165, 0], radius: 0.04, overTable: true },
  { name: "wrist", frame: 6, from: [0, 0, -0.025], to: [0, 0, 0.025], radius: 0.036, overTable: true },
  { name: "flange", frame: 6, from: [0, 0, 0], to: [0, -0.11, 0], radius: 0.034, overTable: true },
];

const ARM_POINTS: readonly ControlPoint[] = [
  { name: "elbow", frame: 4, at: [0, 0, 0], fingertip: false },
  { name: "wrist", frame: 6, at: [0, 0, 0], fingertip: false },
  { name: "flange", frame: FLANGE, at: [0, 0, 0], fingertip: false },
];

/**
 * Parts that can meet: those that the vendor's SRDF leaves enabled (base with links 5 to 7, links 1 and 2 with links 6
 * and 7), base with link 4, and the hand with links 0 to 4 (ML-11). All others are kept apart by the joints' limits.
 */
const ARM_PAIRS: readonly (readonly [string, string])[] = [
  ["base", "forearm"],
  ["base", "wrist"],
  ["base", "flange"],
  ["shoulder", "wrist"],
  ["shoulder", "flange"],
  ["upper arm", "wrist"],
  ["upper arm", "flange"],
];
const MEETS_HAND: readonly string[] = ["base", "shoulder", "upper arm", "elbow", "forearm"];

/** The arm with a hand on its flange. */
export function bodyWith(hand: Hand): Body {
  const mounted = hand.capsules.map((capsule): Capsule => ({ ...capsule, frame: FLANGE }));
  const capsules = [...ARM, ...mounted];
  const points = [
    ...ARM_POINTS,
    ...hand.fingertips.map((at) => ({ name: "fingertip", frame: FLANGE, at, fingertip: true })),
  ];
  const meetings = [...ARM_PAIRS, ...mounted.flatMap(({ name }) => MEETS_HAND.map((part) => [part, name] as const))];
  const pairs = capsules.flatMap((one, first) =>
    capsules.flatMap((other, second) =>
      meetings.some(([a, b]) => a === one.name && b === other.name)
        ? [{ one: first, other: second, radii: one.radius + other.radius, part: `${one.name} and ${other.name}` }]
        : [],
    ),
  );
  return {
    points,
    capsules,
    pairs,
    bounds: [
      ...points.map(({ name }): Bound => ({ kind: "workspace", part: name })),
      ...tableBounds({ points, capsules }),
      ...pairs.map(({ part }): Bound => ({ kind: "self-collision", part })),
    ],
  };
}

/** Of a table: fingertips, then capsules that are kept away from it. */
export function tableBounds({ points, capsules }: Pick<Body, "points" | "capsules">): readonly Bound[] {
  const watched = [...points.filter((point) => point.fingertip), ...capsules.filter((capsule) => capsule.overTable)];
  return watched.map(({ name }) => ({ kind: "table", part: name }));
}
