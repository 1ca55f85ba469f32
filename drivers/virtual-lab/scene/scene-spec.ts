import { createRandom, type Random } from "./random.js";
import type { TaskKind } from "./tasks.js";
import type { Vector3 } from "./vector.js";

/** Red, green, blue as a screen shows them (sRGB), 0 to 1. */
export type Colour = Vector3;

/** Where an object lies on the table: m, m, rad about the vertical. */
export interface TablePose {
  readonly x: number;
  readonly y: number;
  readonly yaw: number;
}

/** A camera: where it stands, the point it looks at, and its vertical field of view in degrees. */
export interface CameraSpec {
  readonly position: Vector3;
  readonly target: Vector3;
  /** Turn about the line of sight, rad. */
  readonly roll: number;
  readonly fieldOfView: number;
}

/** A chessboard for calibration; it is seen and never touched. */
export interface BoardSpec {
  /** Middle of the printed side, m, robot base frame. */
  readonly position: Vector3;
  /** Turns about the x, then y, then z axis of the base, rad; without any the printed side faces up. */
  readonly turn: Vector3;
  /** Inner corners along its x and its y. */
  readonly columns: number;
  readonly rows: number;
  /** Side of a square, m. */
  readonly square: number;
}

/** Everything that is drawn or simulated, besides the arm's own geometry. */
export interface SceneSpec {
  readonly bread: TablePose;
  readonly carrot: TablePose;
  readonly plate: TablePose;
  /** null for a scene without one. */
  readonly board: BoardSpec | null;
  /** Robot base frame. */
  readonly frontCamera: CameraSpec;
  /** Flange frame: z out of the flange, fingers open along y. */
  readonly wristCamera: CameraSpec;
  readonly light: {
    /** Towards the light, any length. */
    readonly direction: Vector3;
    readonly intensity: number;
    readonly ambient: number;
    /** 1 neutral, above warmer, below cooler. */
    readonly warmth: number;
  };
  readonly colours: {
    readonly bread: Colour;
    readonly carrot: Colour;
    readonly plate: Colour;
    readonly table: Colour;
    readonly wall: Colour;
    readonly floor: Colour;
    readonly arm: Colour;
    readonly gripper: Colour;
  };
  /** Seed of the table's wood grain. */
  readonly grain: number;
}

/** The scene without any randomness. */
export const NOMINAL_SCENE: SceneSpec = {
  bread: { x: 0.26, y: 0, yaw: 0 },
  carrot: { x: 0.22, y: -0.26, yaw: 0.5 },
  plate: { x: 0.22, y: 0.27, yaw: 0 },
  board: null,
  frontCamera: { position: [1, 0, 0.58], target: [0.27, 0, 0.11], roll: 0, fieldOfView: 39 },
  wristCamera: { position: [-0.08, 0, 0.055], target: [-0.03, 0, 0.2], roll: 0, fieldOfView: 74 },
  light: { direction: [0.35, -0.45, 1], intensity: 1, ambient: 1, warmth: 1 },
  colours: {
    bread: [0.8, 0.53, 0.24],
    carrot: [0.93, 0.42, 0.09],
    plate: [0.88, 0.9, 0.93],
    table: [0.66, 0.47, 0.3],
    wall: [0.7, 0.74, 0.77],
    floor: [0.42, 0.42, 0.43],
    arm: [0.88, 0.89, 0.9],
    gripper: [0.2, 0.21, 0.23],
  },
  grain: 1,
};

function jitter(random: Random, amount: number): Vector3 {
  return [random.between(-amount, amount), random.between(-amount, amount), random.between(-amount, amount)];
}

function tint(random: Random, colour: Colour, amount: number): Colour {
  const brightness = random.between(1 - amount, 1 + amount);
  const channel = (value: number): number =>
    Math.min(1, Math.max(0, value * brightness * random.between(1 - amount / 2, 1 + amount / 2)));
  return [channel(colour[0]), channel(colour[1]), channel(colour[2])];
}

const degree = Math.PI / 180;

/** Moves a camera a little: `shift` m each axis, and `turn` rad of aim and roll. */
function jitterCamera(random: Random, camera: CameraSpec, shift: number, turn: number): CameraSpec {
  const [px, py, pz] = camera.position;
  const [tx, ty, tz] = camera.target;
  const distance = Math.hypot(tx - px, ty - py, tz - pz);
  const moved = jitter(random, shift);
  const aimed = jitter(random, distance * turn);
  return {
    ...camera,
    position: [px + moved[0], py + moved[1], pz + moved[2]],
    target: [tx + moved[0] + aimed[0], ty + moved[1] + aimed[1], tz + moved[2] + aimed[2]],
    roll: random.between(-turn, turn),
  };
}

/** Bread in the middle, carrot and plate at the edges. Bread: x 0.21 to 0.31 m, y +-0.06 m, yaw +-30 degrees. */
function drawBreadTable(random: Random): Pick<SceneSpec, "bread" | "carrot" | "plate"> {
  return {
    bread: {
      x: random.between(0.21, 0.31),
      y: random.between(-0.06, 0.06),
      yaw: random.between(-30 * degree, 30 * degree),
    },
    carrot: {
      x: random.between(0.19, 0.26),
      y: random.between(-0.29, -0.24),
      yaw: random.between(0.1, 1.2),
    },
    plate: { x: random.between(0.19, 0.26), y: random.between(0.26, 0.31), yaw: 0 },
  };
}

/**
 * Carrot at the front camera's left with its leaves towards that camera, plate at its right, bread beyond the plate.
 * Carrot: x 0.25 to 0.31 m, y -0.2 to -0.12 m, yaw +-40 degrees; plate: x 0.25 to 0.3 m, y 0.05 to 0.1 m. They never
 * overlap, and the straight-down posture reaches both ends of the carrot where it lies and on both sides of the plate.
 */
function drawCarrotTable(random: Random): Pick<SceneSpec, "bread" | "carrot" | "plate"> {
  return {
    carrot: {
      x: random.between(0.25, 0.31),
      y: random.between(-0.2, -0.12),
      yaw: random.between(-40 * degree, 40 * degree),
    },
    plate: { x: random.between(0.25, 0.3), y: random.between(0.05, 0.1), yaw: 0 },
    bread: {
      x: random.between(0.2, 0.28),
      y: random.between(0.25, 0.28),
      yaw: random.between(-30 * degree, 30 * degree),
    },
  };
}

/** Poses of the objects for a seed and a kind of trial; looks stay nominal. */
export function drawPoses(seed: number, kind: TaskKind): SceneSpec {
  const random = createRandom(seed);
  switch (kind) {
    case "move-bread":
      return { ...NOMINAL_SCENE, ...drawBreadTable(random) };
    case "place-carrot":
      return { ...NOMINAL_SCENE, ...drawCarrotTable(random) };
    default:
      return kind satisfies never;
  }
}

/** Poses as `drawPoses`, and light, colours, grain and cameras varied within what a laboratory varies. */
export function drawScene(seed: number, kind: TaskKind): SceneSpec {
  const posed = drawPoses(seed, kind);
  const random = createRandom(seed ^ 0x5ce4e);
  const colours = posed.colours;
  return {
    ...posed,
    frontCamera: jitterCamera(random, posed.frontCamera, 0.01, 1 * degree),
    wristCamera: jitterCamera(random, posed.wristCamera, 0.003, 0.5 * degree),
    light: {
      direction: [random.between(-0.5, 0.8), random.between(-0.8, 0.8), 1],
      intensity: random.between(0.75, 1.2),
      ambient: random.between(0.75, 1.2),
      warmth: random.between(0.92, 1.08),
    },
    colours: {
      bread: tint(random, colours.bread, 0.1),
      carrot: tint(random, colours.carrot, 0.08),
      plate: tint(random, colours.plate, 0.06),
      table: tint(random, colours.table, 0.15),
      wall: tint(random, colours.wall, 0.15),
      floor: tint(random, colours.floor, 0.15),
      arm: tint(random, colours.arm, 0.05),
      gripper: tint(random, colours.gripper, 0.15),
    },
    grain: 1 + random.index(1_000_000),
  };
}
