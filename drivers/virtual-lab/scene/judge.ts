import { longAxis, type ObjectPose, type TablePoses } from "./object-pose.js";
import { directionVector, type MoveBread, type PlaceCarrot, type PlateSide, type Task } from "./tasks.js";

/** All that the judge may know of a trial. */
export interface Evidence {
  /** At rest, before anything moved. */
  readonly start: TablePoses;
  readonly end: TablePoses;
  /** 0 closed to 1 open. */
  readonly gripperOpening: number;
  /** Where the carrot was gripped when it was last lifted: m from its middle towards its upper end; null if never. */
  readonly grip: number | null;
}

/** Why a trial did not reach its goal, or not in the way it was told to. */
export type Shortfall =
  | "not moved far enough"
  | "tipped over"
  | "lifted off the table"
  | "still moving"
  | "not released"
  | "not on the plate"
  | "not lying"
  | "plate tipped over"
  | "wrong direction"
  | "wrong part"
  | "wrong side";

/** Whether a trial reached its goal, and whether it did so the way it was told to. */
export interface Verdict {
  /** Bread: moved far enough, upright on the table. Carrot: lies on the plate. Both: at rest and released. */
  readonly goal: boolean;
  /** The goal, in the instructed direction, or by the named part on the named side. */
  readonly kinematic: boolean;
  readonly shortfalls: readonly Shortfall[];
  /** What was measured, in words. */
  readonly detail: string;
}

const LEAST_MOVED = 0.08;
const MOST_ANGLE = (20 * Math.PI) / 180;
const UPRIGHT = Math.cos((15 * Math.PI) / 180);
const AT_REST = 0.02;
const RELEASED_OPENING = 0.85;
/** How far above its first height the bread may rest, m. */
const ON_TABLE = 0.01;
/** The carrot's middle is this near to the plate's, m: over the dish, whose rim has a radius of 0.085. */
const ON_PLATE = 0.07;
/** A carrot that leans over the rim stands steeper than this; on the plate it lies within 5 degrees. */
const LYING = Math.sin((20 * Math.PI) / 180);
/** The fingers are 22 mm wide: held this far from its middle, the carrot is held by one half, m. */
const LEAST_ALONG = 0.01;
/** The carrot's middle is at least this far on the named side of the plate's middle, m. */
const LEAST_ASIDE = 0.01;

/** Cosine of the angle between an object's own vertical and the table's. */
export function uprightness({ quaternion: [, qx, qy] }: ObjectPose): number {
  return 1 - 2 * (qx * qx + qy * qy);
}

/** -1 or 1: which way along the base's y the side of the plate lies that the front camera sees so. */
export function sideSign(side: PlateSide): -1 | 1 {
  return side === "left" ? -1 : 1;
}

/** True when the carrot was lifted by the named half. */
export function heldAsTold({ part }: PlaceCarrot, grip: number | null): boolean {
  return grip !== null && (part === "upper" ? grip : -grip) >= LEAST_ALONG;
}

function when(missed: boolean, shortfall: Shortfall): readonly Shortfall[] {
  return missed ? [shortfall] : [];
}

function verdict(ends: readonly Shortfall[], manners: readonly Shortfall[], measured: string): Verdict {
  const shortfalls = [...ends, ...manners];
  const detail = shortfalls.length === 0 ? measured : `${measured}: ${shortfalls.join(", ")}`;
  return { goal: ends.length === 0, kinematic: shortfalls.length === 0, shortfalls, detail };
}

function judgeBread(task: MoveBread, { start, end, gripperOpening }: Evidence): Verdict {
  const [from, to] = [start.bread, end.bread];
  const dx = to.position[0] - from.position[0];
  const dy = to.position[1] - from.position[1];
  const moved = Math.hypot(dx, dy);
  const [ux, uy] = directionVector(task.direction);
  const angle = moved < 1e-6 ? Math.PI : Math.acos(Math.min(1, Math.max(-1, (dx * ux + dy * uy) / moved)));
  const far = moved >= LEAST_MOVED;
  const degrees = Math.round((angle * 180) / Math.PI);
  return verdict(
    [
      ...when(!far, "not moved far enough"),
      ...when(uprightness(to) < UPRIGHT, "tipped over"),
      ...when(to.speed > AT_REST, "still moving"),
      ...when(gripperOpening < RELEASED_OPENING, "not released"),
      ...when(to.position[2] - from.position[2] > ON_TABLE, "lifted off the table"),
    ],
    when(far && angle > MOST_ANGLE, "wrong direction"),
    `bread moved ${Math.round(moved * 1000)} mm${far ? `, ${degrees} degrees off the instructed direction` : ""}`,
  );
}

function judgeCarrot(task: PlaceCarrot, { start, end, gripperOpening, grip }: Evidence): Verdict {
  const { carrot, plate } = end;
  const dx = carrot.position[0] - plate.position[0];
  const dy = carrot.position[1] - plate.position[1];
  const away = Math.hypot(dx, dy);
  const from = start.carrot.position;
  const moved = Math.hypot(carrot.position[0] - from[0], carrot.position[1] - from[1]);
  const aside = sideSign(task.side) * dy;
  const mm = (length: number): number => Math.round(length * 1000);
  const words =
    grip === null
      ? "carrot not lifted"
      : `carrot held ${mm(Math.abs(grip))} mm towards its ${grip > 0 ? "upper" : "lower"} end`;
  const onPlate = moved >= LEAST_MOVED && away <= ON_PLATE;
  return verdict(
    [
      ...when(!onPlate, "not on the plate"),
      ...when(Math.abs(longAxis(carrot)[2]) > LYING, "not lying"),
      ...when(carrot.speed > AT_REST, "still moving"),
      ...when(gripperOpening < RELEASED_OPENING, "not released"),
      ...when(uprightness(plate) < UPRIGHT, "plate tipped over"),
    ],
    [...when(!heldAsTold(task, grip), "wrong part"), ...when(onPlate && aside < LEAST_ASIDE, "wrong side")],
    `${words}, ${onPlate ? `${mm(aside)} mm to the ${task.side} of` : `${mm(away)} mm from`} the plate's middle`,
  );
}

/**
 * Judges a trial. Bread: at least 8 cm from the start, upright, at rest, released; direction within 20 degrees.
 * Carrot: lies on the plate ("Target surface (top side)" in Table 7), its middle within 7 cm of the plate's, at rest,
 * released; lifted by the named half, its middle at least 1 cm on the named side of the plate's in the front picture.
 */
export function judge(task: Task, evidence: Evidence): Verdict {
  switch (task.kind) {
    case "move-bread":
      return judgeBread(task, evidence);
    case "place-carrot":
      return judgeCarrot(task, evidence);
    default:
      return task satisfies never;
  }
}
