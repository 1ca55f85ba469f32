import loadMujoco, { type MainModule, type MjData, type MjModel } from "@mujoco/mujoco";
import { type JointPosition, jointPosition } from "../../../daemon/types/units.js";
import { FINGER_TRAVEL, sceneToMjcf, TIME_STEP } from "../scene/mjcf.js";
import type { ObjectName, ObjectPose, TablePoses } from "../scene/object-pose.js";
import type { SceneSpec } from "../scene/scene-spec.js";
import type { Vector3 } from "../scene/vector.js";

/** Geoms whose look is more than one colour. */
export type GeomName = "table" | "loaf" | "carrot" | "plate" | "wall" | "floor" | "board";

const GEOM_NAMES: readonly GeomName[] = ["table", "loaf", "carrot", "plate", "wall", "floor", "board"];

/** One geom that a camera sees, as MuJoCo's model holds it. */
export interface ModelGeom {
  /** Place in `readPoses`. */
  readonly index: number;
  /** Its name where the look depends on it, else empty. */
  readonly name: GeomName | "";
  readonly shape: "sphere" | "capsule" | "cylinder" | "box" | "mesh";
  /** MuJoCo's sizes (half lengths), m. */
  readonly size: Vector3;
  /** Red, green, blue, 0 to 1, as a screen shows them. */
  readonly rgb: Vector3;
  /** Corners (x y z) and triangles of a mesh. */
  readonly vertices: readonly number[];
  readonly faces: readonly number[];
}

/** Numbers per pose in `readPoses`: 3 x 3 rotation row by row with the position as fourth column. */
export const POSE_LENGTH = 12;

/** How fast one finger can move, m/s: the whole stroke takes 0.37 s. */
const FINGER_SPEED = 0.1;

/** Steps in which objects come to rest before a scene is handed out. */
const SETTLING_STEPS = 75;

const GEOM_OBJECT = 5;
const CAMERA_OBJECT = 7;
const BODY_OBJECT = 1;
const FIRST_SEEN_GROUP = 1;
const LAST_SEEN_GROUP = 2;

/** Where each object's free joint starts in MuJoCo's position and velocity vectors: after 7 joints and 2 fingers. */
const FREE_JOINTS: Readonly<Record<ObjectName, { readonly qpos: number; readonly qvel: number }>> = {
  bread: { qpos: 9, qvel: 9 },
  carrot: { qpos: 16, qvel: 15 },
  plate: { qpos: 23, qvel: 21 },
};

let module: Promise<MainModule> | undefined;

function shapeOf(type: number): ModelGeom["shape"] {
  switch (type) {
    case 2:
      return "sphere";
    case 3:
      return "capsule";
    case 5:
      return "cylinder";
    case 6:
      return "box";
    case 7:
      return "mesh";
    default:
      throw new RangeError(`geom type ${type} is not drawn`);
  }
}

/** The physics of one scene; the only user of `@mujoco/mujoco`. Equal scenes and equal calls give equal bits. */
export class Simulation {
  readonly #mujoco: MainModule;
  readonly #model: MjModel;
  readonly #data: MjData;
  #steps = 0;
  #fingerTarget = FINGER_TRAVEL;
  /** Front and wrist, as MuJoCo numbers them. */
  readonly #cameras: readonly [number, number];

  private constructor(mujoco: MainModule, model: MjModel) {
    this.#mujoco = mujoco;
    this.#model = model;
    this.#data = new mujoco.MjData(model);
    const camera = (name: string): number => mujoco.mj_name2id(model, CAMERA_OBJECT, name);
    this.#cameras = [camera("front"), camera("wrist")];
  }

  /** Builds a scene with the arm at rest at `start`, the gripper open, and all objects at rest. */
  static async create(scene: SceneSpec, start: JointPosition): Promise<Simulation> {
    module ??= loadMujoco();
    const mujoco = await module;
    const simulation = new Simulation(mujoco, mujoco.MjModel.from_xml_string(sceneToMjcf(scene)));
    const qpos: Float64Array = simulation.#data.qpos;
    qpos.set(start, 0);
    qpos[7] = FINGER_TRAVEL;
    qpos[8] = FINGER_TRAVEL;
    simulation.setTargets(start);
    const ctrl: Float64Array = simulation.#data.ctrl;
    ctrl[7] = FINGER_TRAVEL;
    simulation.step(SETTLING_STEPS);
    simulation.#steps = 0;
    return simulation;
  }

  /** Simulated seconds since the scene was built. */
  get time(): number {
    return this.#steps * TIME_STEP;
  }

  /** Position targets of the joint drives, rad. */
  setTargets(q: JointPosition): void {
    const ctrl: Float64Array = this.#data.ctrl;
    ctrl.set(q, 0);
  }

  /** Target opening (0 closed to 1 open) and grip force, N. */
  setGripper(opening: number, force: number): void {
    this.#fingerTarget = Math.min(1, Math.max(0, opening)) * FINGER_TRAVEL;
    const range: Float64Array = this.#model.actuator_forcerange;
    range[14] = -force;
    range[15] = force;
  }

  /** Advances by `count` steps of `TIME_STEP`. */
  step(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const ctrl: Float64Array = this.#data.ctrl;
      const present = ctrl[7] ?? 0;
      const most = FINGER_SPEED * TIME_STEP;
      ctrl[7] = present + Math.min(most, Math.max(-most, this.#fingerTarget - present));
      this.#mujoco.mj_step(this.#model, this.#data);
    }
    this.#steps += count;
  }

  /** Measured joint position, rad. */
  measured(): JointPosition {
    const qpos: Float64Array = this.#data.qpos;
    return jointPosition(Array.from(qpos.subarray(0, 7)));
  }

  /** Motor torque of each joint with its share of the arm's weight, N m. */
  torque(): readonly number[] {
    const drive: Float64Array = this.#data.qfrc_actuator;
    const weight: Float64Array = this.#data.qfrc_gravcomp;
    return Array.from(drive.subarray(0, 7), (value, joint) => value + (weight[joint] ?? 0));
  }

  /** How far the fingers are open, 0 closed to 1 open. */
  gripperOpening(): number {
    const qpos: Float64Array = this.#data.qpos;
    return Math.min(1, Math.max(0, (qpos[7] ?? 0) / FINGER_TRAVEL));
  }

  /** Where an object is and how fast it moves. */
  object(name: ObjectName): ObjectPose {
    const at = FREE_JOINTS[name];
    const qpos: Float64Array = this.#data.qpos;
    const qvel: Float64Array = this.#data.qvel;
    const p = (offset: number): number => qpos[at.qpos + offset] ?? 0;
    const v = (offset: number): number => qvel[at.qvel + offset] ?? 0;
    return {
      position: [p(0), p(1), p(2)],
      quaternion: [p(3), p(4), p(5), p(6)],
      speed: Math.hypot(v(0), v(1), v(2)),
    };
  }

  /** Where all objects are. */
  objects(): TablePoses {
    return { bread: this.object("bread"), carrot: this.object("carrot"), plate: this.object("plate") };
  }

  /** Position and rotation (columns: axes of the flange in the base frame) of the flange. */
  flange(): { readonly position: Vector3; readonly rotation: readonly number[] } {
    const body = this.#mujoco.mj_name2id(this.#model, BODY_OBJECT, "gripper");
    const position: Float64Array = this.#data.xpos;
    const rotation: Float64Array = this.#data.xmat;
    const p = (axis: number): number => position[3 * body + axis] ?? 0;
    return { position: [p(0), p(1), p(2)], rotation: Array.from(rotation.subarray(9 * body, 9 * body + 9)) };
  }

  /** Every position and velocity of the simulation, for comparing two runs bit by bit. */
  state(): Float64Array {
    const qpos: Float64Array = this.#data.qpos;
    const qvel: Float64Array = this.#data.qvel;
    return Float64Array.from([...qpos, ...qvel]);
  }

  /** The geoms that cameras see. */
  geoms(): readonly ModelGeom[] {
    const model = this.#model;
    const types: Int32Array = model.geom_type;
    const groups: Int32Array = model.geom_group;
    const sizes: Float64Array = model.geom_size;
    const colours: Float32Array = model.geom_rgba;
    const meshes: Int32Array = model.geom_dataid;
    const names = new Map(GEOM_NAMES.map((name) => [this.#mujoco.mj_name2id(model, GEOM_OBJECT, name), name]));
    const seen: ModelGeom[] = [];
    types.forEach((type, index) => {
      const group = groups[index] ?? 0;
      if (group < FIRST_SEEN_GROUP || group > LAST_SEEN_GROUP) {
        return;
      }
      const shape = shapeOf(type);
      const mesh = shape === "mesh" ? this.#mesh(meshes[index] ?? 0) : { vertices: [], faces: [] };
      seen.push({
        index,
        name: names.get(index) ?? "",
        shape,
        size: [sizes[3 * index] ?? 0, sizes[3 * index + 1] ?? 0, sizes[3 * index + 2] ?? 0],
        rgb: [colours[4 * index] ?? 0, colours[4 * index + 1] ?? 0, colours[4 * index + 2] ?? 0],
        ...mesh,
      });
    });
    return seen;
  }

  #mesh(mesh: number): { readonly vertices: readonly number[]; readonly faces: readonly number[] } {
    const model = this.#model;
    const cut = (values: Float32Array | Int32Array, start: Int32Array, count: Int32Array): readonly number[] =>
      Array.from(values.subarray(3 * (start[mesh] ?? 0), 3 * ((start[mesh] ?? 0) + (count[mesh] ?? 0))));
    return {
      vertices: cut(model.mesh_vert, model.mesh_vertadr, model.mesh_vertnum),
      faces: cut(model.mesh_face, model.mesh_faceadr, model.mesh_facenum),
    };
  }

  /** How many poses `readPoses` writes: all geoms, then the front and the wrist camera. */
  poseCount(): number {
    return this.#model.ngeom + 2;
  }

  /** Writes the pose of every geom, then of the front and the wrist camera, `POSE_LENGTH` numbers each. */
  readPoses(into: Float32Array): void {
    const write = (slot: number, at: number, position: Float64Array, rotation: Float64Array): void => {
      for (let row = 0; row < 3; row += 1) {
        for (let column = 0; column < 3; column += 1) {
          into[slot * POSE_LENGTH + 4 * row + column] = rotation[9 * at + 3 * row + column] ?? 0;
        }
        into[slot * POSE_LENGTH + 4 * row + 3] = position[3 * at + row] ?? 0;
      }
    };
    const { geom_xpos, geom_xmat, cam_xpos, cam_xmat } = this.#data;
    const geomCount: number = this.#model.ngeom;
    for (let geom = 0; geom < geomCount; geom += 1) {
      write(geom, geom, geom_xpos, geom_xmat);
    }
    this.#cameras.forEach((camera, order) => {
      write(geomCount + order, camera, cam_xpos, cam_xmat);
    });
  }

  /** Vertical field of view of the front and the wrist camera, rad. */
  fieldsOfView(): readonly [number, number] {
    const degrees: Float64Array = this.#model.cam_fovy;
    const of = (camera: number): number => ((degrees[camera] ?? 0) * Math.PI) / 180;
    return [of(this.#cameras[0]), of(this.#cameras[1])];
  }

  /** Frees the simulation's memory. */
  close(): void {
    this.#data.delete();
    this.#model.delete();
  }
}
