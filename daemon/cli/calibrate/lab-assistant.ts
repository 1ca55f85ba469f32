import {
  apply,
  compose,
  cross,
  minus,
  poseOf,
  type Rotation,
  times,
  transpose,
  type Vector3,
} from "../../../calibration/rigid.js";
import { createRandom, type Random } from "../../../drivers/virtual-lab/scene/random.js";
import { NOMINAL_SCENE } from "../../../drivers/virtual-lab/scene/scene-spec.js";
import { flangePose } from "../../motion/kinematics.js";
import { type Board, boardPoints, type RigidPose } from "../../types/board.js";
import type { CameraRole } from "../../types/frame.js";
import { type JointPosition, jointPosition } from "../../types/units.js";
import type { Assistant, Placement } from "./assistant.js";

const DEGREE = Math.PI / 180;
/** Side of the lab's pictures. */
const PIXELS = 256;
/** The board stays this far inside, pixels: a varied camera looks a degree elsewhere. */
const MARGIN = 14;
/** Below this row the wrist camera sees the fingers and their shadow. */
const FINGERS = 150;
/** Part of the picture that the board fills at least and at most; the table is 0.3 m before the wrist camera. */
const SHARE = { front: [0.45, 0.8], wrist: [0.55, 0.8] } as const;
/** Leaning towards the front camera, rad. */
const LEANING = 0.3;
/** Of the lab's board, m. */
const THICKNESS = 0.003;
/** Objects are laid where no board lies. */
const ASIDE = { bread: { x: 0, y: 0.6 }, carrot: { x: 0, y: -0.6 }, plate: { x: 0.2, y: 0.6 } };

/** Puts the board of a virtual lab where it is wanted, through its control port, and says yes to every question. */
export function labAssistant(control: string, board: Board): Assistant {
  const random = createRandom(1);
  const call = async (path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${control}${path}`, body && { method: "POST", body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`the virtual lab refused ${path}: ${text}`);
    }
    return JSON.parse(text);
  };
  const present = async (): Promise<JointPosition> => {
    const truth = await call("/truth");
    const q = typeof truth === "object" && truth !== null && "q" in truth ? truth.q : null;
    return jointPosition(Array.isArray(q) ? q : []);
  };
  return {
    place: async (wanted) => {
      const pose = wanted.kind === "held" ? held(board, wanted.role, await present(), random) : onTable(board, wanted);
      await call("/scene", { ...ASIDE, board: { ...board, ...pose } });
      return true;
    },
    confirm: () => Promise.resolve(true),
    close: () => undefined,
  };
}

interface BoardPose {
  readonly position: Vector3;
  /** About the fixed x, then y, then z axis, rad. */
  readonly turn: Vector3;
}

/** Its longer side across the way to the base, its middle at a distance; leaning on its far edge. */
function onTable(
  { rows, square }: Board,
  { kind, turnDeg, away }: Placement & { kind: "flat" | "leaning" },
): BoardPose {
  const lean = kind === "leaning" ? LEANING : 0;
  const about = turnDeg * DEGREE;
  const height = THICKNESS + ((rows + 3) / 2) * square * Math.sin(lean);
  return {
    position: [away * Math.cos(about), away * Math.sin(about), height],
    turn: [lean, 0, Math.PI / 2 + about],
  };
}

/** Before a camera that looks as the nominal one, all of it in the picture and as near as that allows, tilted as a hand would. */
function held(board: Board, role: CameraRole, q: JointPosition, random: Random): BoardPose {
  const camera = nominalCamera(role, q);
  const spec = role === "front" ? NOMINAL_SCENE.frontCamera : NOMINAL_SCENE.wristCamera;
  const focal = PIXELS / 2 / Math.tan((spec.fieldOfView * DEGREE) / 2);
  const [least, most] = SHARE[role];
  const lowest = role === "wrist" ? FINGERS : PIXELS - MARGIN;
  for (;;) {
    const tilt: Vector3 = [random.between(-0.7, 0.7), random.between(-0.7, 0.7), random.between(-0.5, 0.5)];
    const z = (focal * board.columns * board.square) / (PIXELS * random.between(least, most));
    const at = (first: number, last: number): number => ((random.between(first, last) - PIXELS / 2) / focal) * z;
    const inCamera = poseOf(tilt, [at(0.3 * PIXELS, 0.7 * PIXELS), at(0.2 * PIXELS, lowest), z]);
    const isSeen = corners(board).every((corner) => {
      const [x, y, away] = apply(inCamera, corner);
      const [u, v] = [PIXELS / 2 + (focal * x) / away, PIXELS / 2 + (focal * y) / away];
      return away > 0.1 && u > MARGIN && u < PIXELS - MARGIN && v > MARGIN && v < lowest;
    });
    if (isSeen) {
      const { position, rotation } = compose(camera, compose(inCamera, FLIP));
      return { position, turn: turnsOf(rotation) };
    }
  }
}

/** The board's frame here has z away from the viewer and y down, the lab's z towards the viewer. */
const FLIP: RigidPose = { position: [0, 0, 0], rotation: [1, 0, 0, 0, -1, 0, 0, 0, -1] };

/** Outermost corners of the squares, in the board's frame. */
function corners(board: Board): readonly Vector3[] {
  const wider = { ...board, columns: board.columns + 2, rows: board.rows + 2 };
  return boardPoints(wider);
}

/** In the base frame: x right, y down, z forward. */
function nominalCamera(role: CameraRole, q: JointPosition): RigidPose {
  const front = lookingAt(NOMINAL_SCENE.frontCamera.position, NOMINAL_SCENE.frontCamera.target, [0, 0, 1]);
  const wrist = lookingAt(NOMINAL_SCENE.wristCamera.position, NOMINAL_SCENE.wristCamera.target, [-1, 0, 0]);
  return role === "front" ? front : compose(flangePose(q), wrist);
}

function lookingAt(position: Vector3, target: Vector3, up: Vector3): RigidPose {
  const unit = (v: Vector3): Vector3 => times(v, 1 / Math.hypot(...v));
  const forward = unit(minus(target, position));
  const right = unit(cross(forward, up));
  const down = cross(forward, right);
  // Row by row: the way into the camera.
  return { position, rotation: transpose([...right, ...down, ...forward]) };
}

/** Turns about the fixed x, then y, then z axis that make a rotation. */
function turnsOf(r: Rotation): Vector3 {
  return [Math.atan2(r[7], r[8]), Math.asin(Math.max(-1, Math.min(1, -r[6]))), Math.atan2(r[3], r[0])];
}
