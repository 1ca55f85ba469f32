import { flangePose } from "../../daemon/motion/kinematics.js";
import type { Board, RigidPose } from "../../daemon/types/board.js";
import type { CameraRole } from "../../daemon/types/frame.js";
import { type JointPosition, jointPosition } from "../../daemon/types/units.js";
import type { JpegEncoder } from "../../drivers/virtual-lab/cameras/jpeg.js";
import { POSE_LENGTH, Simulation } from "../../drivers/virtual-lab/physics/simulation.js";
import { PICTURE_SIZE, Raster } from "../../drivers/virtual-lab/render/raster.js";
import { readVisuals } from "../../drivers/virtual-lab/render/visuals.js";
import { HOME } from "../../drivers/virtual-lab/scene/home.js";
import { createRandom, type Random } from "../../drivers/virtual-lab/scene/random.js";
import { type BoardSpec, drawScene, type SceneSpec } from "../../drivers/virtual-lab/scene/scene-spec.js";
import { compose, poseOf, type Rotation } from "../../calibration/rigid.js";

const DEGREE = Math.PI / 180;

/** A4 with squares of 25 mm. */
export const BOARD: Board = { columns: 9, rows: 6, square: 0.025 };

/** The board's frame of the tools (x along a row, y down, z away from the viewer) in the lab's (z towards the viewer). */
const FLIP: RigidPose = { position: [0, 0, 0], rotation: [1, 0, 0, 0, -1, 0, 0, 0, -1] };

/** Where a board of the lab is, in the frame that the tools give a board. */
export function trueBoard({ position, turn }: BoardSpec): RigidPose {
  const [x, y, z] = turn;
  const about = (v: readonly [number, number, number]): RigidPose => poseOf(v, [0, 0, 0]);
  const { rotation } = compose(about([0, 0, z]), compose(about([0, y, 0]), about([x, 0, 0])));
  return compose({ position, rotation }, FLIP);
}

/** Turns about the fixed x, then y, then z axis that make a rotation. */
function turnsOf(r: Rotation): readonly [number, number, number] {
  return [Math.atan2(r[7], r[8]), Math.asin(Math.max(-1, Math.min(1, -r[6]))), Math.atan2(r[3], r[0])];
}

/** A lab of a seed (cameras, light and colours varied) with a cleared table, filmed picture by picture. */
export class LabPictures {
  readonly scene: SceneSpec;
  readonly #encode: JpegEncoder;
  readonly #random: Random;

  constructor(seed: number, encode: JpegEncoder) {
    const aside = { bread: { x: 0, y: 0.6, yaw: 0 }, carrot: { x: 0, y: -0.6, yaw: 0 }, plate: { x: 0.2, y: 0.6, yaw: 0 } };
    this.scene = { ...drawScene(seed, "move-bread"), ...aside };
    this.#encode = encode;
    this.#random = createRandom(seed);
  }

  /** JPEG of what a camera sees with the board there and the arm at `q`. */
  async take(role: CameraRole, board: Pick<BoardSpec, "position" | "turn">, q: JointPosition = HOME) {
    const simulation = await Simulation.create({ ...this.scene, board: { ...BOARD, ...board } }, q);
    const raster = new Raster(readVisuals(simulation, { ...this.scene, board: { ...BOARD, ...board } }));
    const poses = new Float32Array(POSE_LENGTH * simulation.poseCount());
    simulation.readPoses(poses);
    raster.place(poses);
    const jpeg = this.#encode(raster.render(role, poses), PICTURE_SIZE);
    const measured = simulation.measured();
    simulation.close();
    return { jpeg, q: measured };
  }

  /** Where a camera is in the base frame with the arm at `q`: x right, y down, z forward. */
  async camera(role: CameraRole, q: JointPosition = HOME): Promise<RigidPose> {
    const simulation = await Simulation.create(this.scene, q);
    const poses = new Float32Array(POSE_LENGTH * simulation.poseCount());
    simulation.readPoses(poses);
    const from = (simulation.poseCount() - (role === "front" ? 2 : 1)) * POSE_LENGTH;
    simulation.close();
    const n = (at: number): number => poses[from + at] ?? 0;
    // The lab's cameras look along -z with y up.
    return {
      position: [n(3), n(7), n(11)],
      rotation: [n(0), -n(1), -n(2), n(4), -n(5), -n(6), n(8), -n(9), -n(10)],
    };
  }

  /** Focal length of a camera, pixels. */
  focal(role: CameraRole): number {
    const { fieldOfView } = role === "front" ? this.scene.frontCamera : this.scene.wristCamera;
    return PICTURE_SIZE / 2 / Math.tan((fieldOfView * DEGREE) / 2);
  }

  /** A board held before a camera, tilted as a hand would. */
  async heldBefore(role: CameraRole): Promise<Pick<BoardSpec, "position" | "turn">> {
    const random = this.#random;
    const distance = (this.focal(role) * 0.25) / (PICTURE_SIZE * random.between(0.55, 0.85));
    const reach = (PICTURE_SIZE / 2 / this.focal(role)) * distance * 0.3;
    const tilt = poseOf([random.between(-0.7, 0.7), random.between(-0.7, 0.7), random.between(-0.5, 0.5)], [0, 0, 0]);
    const inCamera: RigidPose = {
      position: [random.between(-reach, reach), random.between(-reach, reach), distance],
      rotation: tilt.rotation,
    };
    const { position, rotation } = compose(await this.camera(role), compose(inCamera, FLIP));
    return { position, turn: turnsOf(rotation) };
  }

  /** Between, evenly. */
  between(least: number, most: number): number {
    return this.#random.between(least, most);
  }
}

/** Joint angles around home, deg: the wrist tilts and turns while it looks at the table before the arm. */
export function lookingPose(offsetDeg: readonly number[]): JointPosition {
  return jointPosition(HOME.map((angle, joint) => angle + (offsetDeg[joint] ?? 0) * DEGREE));
}

/** Of the flange at `q`, by the daemon's own kinematics. */
export function flangeAt(q: JointPosition): RigidPose {
  return flangePose(q);
}
