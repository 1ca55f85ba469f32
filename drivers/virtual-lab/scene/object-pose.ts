import type { Vector3 } from "./vector.js";

/** Things on the table that move. */
export type ObjectName = "bread" | "carrot" | "plate";

/** Where an object is: m, unit quaternion w x y z, and how fast its centre moves, m/s. */
export interface ObjectPose {
  readonly position: Vector3;
  readonly quaternion: readonly [number, number, number, number];
  readonly speed: number;
}

/** Unit vector along a loaf, or from a carrot's lower to its upper end. */
export function longAxis({ quaternion: [w, x, y, z] }: ObjectPose): Vector3 {
  return [1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)];
}

/** All objects of the table at one instant. */
export type TablePoses = Readonly<Record<ObjectName, ObjectPose>>;
