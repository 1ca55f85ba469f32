import { sideSign } from "../scene/judge.js";
import { longAxis, type ObjectPose, type TablePoses } from "../scene/object-pose.js";
import { type CarrotPart, directionVector, type Task } from "../scene/tasks.js";
import type { Vector3 } from "../scene/vector.js";
import type { HandPose } from "./kinematics.js";

/** Where the true poses say that an object is to be gripped and put down. */
export interface Handling {
  /** Hand pose in which the fingers close. */
  readonly grasp: HandPose;
  /** The point of the object that belongs between the fingers. */
  readonly point: Vector3;
  /** The plate's middle. */
  readonly plate: Vector3;
  /** 1 when the carrot's upper end lies ahead of the hand (along its yaw), -1 when behind. */
  readonly upperAhead: 1 | -1;
}

/** Bread is put down this far from where it was gripped, m. */
export const MOVE_DISTANCE = 0.12;

const BREAD_GRASP_HEIGHT = 0.02;
const BREAD_PLACE_HEIGHT = 0.021;
/** The carrot is gripped this far from its middle, m. */
const PART_DISTANCE = 0.035;
/** The hand closes this far below the carrot's axis, but never lower than the least height, m. */
const BELOW_AXIS = 0.002;
const LEAST_HEIGHT = 0.011;
/** Both ends then lie on the rim, or a millimetre or two over it. */
const CARROT_PLACE_HEIGHT = 0.027;
/** Carrots come to lie this far from the plate's middle, m. */
const ASIDE = 0.03;

/** The turn of the fingers across a long object that is nearest to a present turn; half a turn makes no difference. */
function across(yaw: number, handYaw: number): number {
  const difference = yaw - handYaw;
  return handYaw + difference - Math.PI * Math.round(difference / Math.PI);
}

function yawOf({ quaternion: [w, x, y, z] }: ObjectPose): number {
  return Math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z));
}

function alongUpper(part: CarrotPart): number {
  return part === "upper" ? PART_DISTANCE : -PART_DISTANCE;
}

/** How the task's object is gripped from its present pose by a hand with a present yaw. */
export function handle(task: Task, objects: TablePoses, handYaw: number): Handling {
  const plate = objects.plate.position;
  switch (task.kind) {
    case "move-bread": {
      const { bread } = objects;
      const [x, y] = bread.position;
      const grasp = { position: [x, y, BREAD_GRASP_HEIGHT], yaw: across(yawOf(bread), handYaw) } as const;
      return { grasp, point: bread.position, plate, upperAhead: 1 };
    }
    case "place-carrot": {
      const { carrot } = objects;
      const axis = longAxis(carrot);
      const distance = alongUpper(task.part);
      const [x, y, z] = carrot.position;
      const point: Vector3 = [x + distance * axis[0], y + distance * axis[1], z + distance * axis[2]];
      const yaw = Math.atan2(axis[1], axis[0]);
      const grasp: HandPose = {
        position: [point[0], point[1], Math.max(LEAST_HEIGHT, point[2] - BELOW_AXIS)],
        yaw: across(yaw, handYaw),
      };
      return { grasp, point, plate, upperAhead: Math.cos(yaw - grasp.yaw) >= 0 ? 1 : -1 };
    }
    default:
      return task satisfies never;
  }
}

/** Where the hand opens: counted from where it closed on the bread; for the carrot counted from the plate. */
export function placeOf(task: Task, { plate, upperAhead }: Handling, closedAt: HandPose): HandPose {
  const [x, y] = closedAt.position;
  switch (task.kind) {
    case "move-bread": {
      const [ux, uy] = directionVector(task.direction);
      return {
        position: [x + MOVE_DISTANCE * ux, y + MOVE_DISTANCE * uy, BREAD_PLACE_HEIGHT],
        yaw: closedAt.yaw,
      };
    }
    case "place-carrot": {
      // The carrot ends up parallel to the line that parts the plate's sides.
      const yaw = across(0, closedAt.yaw);
      const ahead = upperAhead * alongUpper(task.part);
      return {
        position: [
          plate[0] + ahead * Math.cos(yaw),
          plate[1] + sideSign(task.side) * ASIDE + ahead * Math.sin(yaw),
          CARROT_PLACE_HEIGHT,
        ],
        yaw,
      };
    }
    default:
      return task satisfies never;
  }
}
