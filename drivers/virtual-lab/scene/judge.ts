import { directionVector, type Task } from "./tasks.js";
import type { Vector3 } from "./vector.js";

/** What is known of an object when a trial is judged: m, unit quaternion w x y z, m/s. */
export interface JudgedPose {
  readonly position: Vector3;
  readonly quaternion: readonly [number, number, number, number];
  readonly speed: number;
}

/** Whether a trial reached its goal, and whether it did so the way it was told to. */
export interface Verdict {
  /** Moved far enough, upright, at rest and released. */
  readonly goal: boolean;
  /** The goal, in the instructed direction. */
  readonly kinematic: boolean;
  /** Over the table, m. */
  readonly moved: number;
  /** Between the instructed and the real direction in the front camera's picture, rad; pi when it did not move. */
  readonly angle: number;
}

const LEAST_MOVED = 0.08;
const MOST_ANGLE = (20 * Math.PI) / 180;
const UPRIGHT = Math.cos((15 * Math.PI) / 180);
const AT_REST = 0.02;
const RELEASED_OPENING = 0.85;
/** How far above its first height the bread may rest, m. */
const ON_TABLE = 0.01;

/** Judges a bread task: at least 8 cm from the start, upright, at rest, released; direction within 20 degrees. */
export function judge(task: Task, start: JudgedPose, end: JudgedPose, gripperOpening: number): Verdict {
  const dx = end.position[0] - start.position[0];
  const dy = end.position[1] - start.position[1];
  const moved = Math.hypot(dx, dy);
  const [ux, uy] = directionVector(task.direction);
  const angle = moved < 1e-6 ? Math.PI : Math.acos(Math.min(1, Math.max(-1, (dx * ux + dy * uy) / moved)));
  const [, qx, qy] = end.quaternion;
  const goal =
    moved >= LEAST_MOVED &&
    1 - 2 * (qx * qx + qy * qy) >= UPRIGHT &&
    end.speed <= AT_REST &&
    gripperOpening >= RELEASED_OPENING &&
    end.position[2] - start.position[2] <= ON_TABLE;
  return { goal, kinematic: goal && angle <= MOST_ANGLE, moved, angle };
}
