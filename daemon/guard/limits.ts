import type { Cell } from "../motion/placement.js";
import { type JointVector, mapJoints, type Seconds } from "../types/units.js";

/** Bounds on commanded motion, per joint. */
export interface MotionLimits {
  /** rad */
  readonly lowest: JointVector;
  /** rad */
  readonly highest: JointVector;
  /** rad/s */
  readonly velocity: JointVector;
  /** rad/s2 */
  readonly acceleration: JointVector;
  /** rad/s3 */
  readonly jerk: JointVector;
}

/** A deviation that counts once it has lasted. */
export interface Deviation {
  /** rad */
  readonly error: number;
  readonly lasting: Seconds;
}

/** Everything that the guard holds motion against; the numbers come from one file, and no flag changes or removes one. */
export interface Limits {
  /** Of motion that a policy proposes. */
  readonly policy: MotionLimits;
  /** Of homing. */
  readonly home: MotionLimits;
  /** Of teleoperation; not slower than policy and homing, because a takeover goes on from their speed. */
  readonly teleop: MotionLimits;
  /** Of joints that are brought back from outside their soft limits; no joint may go outward besides. */
  readonly recover: MotionLimits;
  /** Speed of control points meanwhile, m/s. */
  readonly recoverSpeed: number;
  /** Of a stopping ramp; its speed may only fall besides. */
  readonly stop: MotionLimits;
  /** Largest change of any joint between two frames, rad. */
  readonly mostStep: number;
  /** The first setpoint of a stream lies this close to the measured pose, rad in each joint. */
  readonly mostFirstDistance: number;
  /** Following error while moving. */
  readonly following: Deviation;
  /** Following error while the command stands still. */
  readonly standing: Deviation;
  readonly mostAge: {
    readonly armState: Seconds;
    /** Of the operator's beats while a policy moves the arm. */
    readonly operator: Seconds;
    /** Of whoever authorises homing or teleoperation: the operator's beats, or the leader's own button. */
    readonly nearOperator: Seconds;
    /** Of the leader's newest reading. */
    readonly leader: Seconds;
    readonly guardian: Seconds;
    readonly setpoint: Seconds;
    /** After a pause this long a stream starts anew and its next setpoint is a first one. */
    readonly stream: Seconds;
  };
  readonly cell: Cell;
}

/** Planners stay this part below what the guard permits: planner < guard < controller < mechanics. */
const PLANNER_PART = 0.95;

/** Planners turn round this far inside the soft limits, rad (0.5 degrees). */
const PLANNER_INSET = (0.5 * Math.PI) / 180;

/** Planners stay this far inside the cell's bounds, m. */
const PLANNER_GAP = 0.002;

/** The bounds that a planner takes so that what it makes lies well inside `limits`. */
export function plannerLimits(limits: MotionLimits): MotionLimits {
  const part = (values: JointVector): JointVector => mapJoints(values, (value) => value * PLANNER_PART);
  return {
    lowest: mapJoints(limits.lowest, (value) => value + PLANNER_INSET),
    highest: mapJoints(limits.highest, (value) => value - PLANNER_INSET),
    velocity: part(limits.velocity),
    acceleration: part(limits.acceleration),
    jerk: part(limits.jerk),
  };
}

/** The cell that a planner takes so that what it makes lies well inside `cell`. */
export function plannerCell(cell: Cell): Cell {
  const [x, y, z] = cell.box.lowest;
  const [toX, toY, toZ] = cell.box.highest;
  const { table } = cell;
  const plane = table.plane === null ? null : { ...table.plane, height: table.plane.height + PLANNER_GAP };
  return {
    body: cell.body,
    speed: cell.speed * PLANNER_PART,
    stopping: cell.stopping / PLANNER_PART,
    box: {
      lowest: [x + PLANNER_GAP, y + PLANNER_GAP, z + PLANNER_GAP],
      highest: [toX - PLANNER_GAP, toY - PLANNER_GAP, toZ - PLANNER_GAP],
    },
    table: { ...table, height: table.height + PLANNER_GAP, plane },
    clearance: cell.clearance + PLANNER_GAP,
  };
}

/** A stopping ramp takes the acceleration it inherits back at no less than this part of the stopping jerk. */
export const FADE_PART = 0.9;
