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

// Every number stands once, in degrees as its source gives it. [V] vendor's tables, [A] our engineering choice.
const IN_DEGREES = {
  /** [A] 3 degrees inside the vendor's hard limits 178 130 178 135 178 128; J7 (vendor 360) is held by its cable. */
  soft: [175, 127, 175, 132, 175, 125, 175],
  /** [A] 17 to 27 % of the vendor's rated 180 180 225 225 225 225 225 degrees/s. */
  policyVelocity: [30, 30, 45, 45, 60, 60, 60],
  /** [A] point-to-point motion without a model in the loop. */
  homeVelocity: [20, 20, 20, 20, 30, 30, 30],
  /** [A] vendor allows 3000 degrees/s2 and a real arm reports 600. */
  acceleration: [150, 150, 200, 200, 300, 300, 300],
  /** [A] full acceleration within 100 ms. */
  jerk: [1500, 1500, 2000, 2000, 3000, 3000, 3000],
  /** [A] twice the moving acceleration, still within what a real arm reports. */
  stopAcceleration: [300, 300, 400, 400, 600, 600, 600],
  /** [A] full stopping acceleration within 50 ms. */
  stopJerk: [6000, 6000, 8000, 8000, 12000, 12000, 12000],
  /** Half of the rated speed: no configuration may ask for more. */
  ceilingVelocity: [90, 90, 110, 110, 110, 110, 110],
  /** The vendor's hard limits less one degree. */
  ceilingPosition: [177, 129, 177, 134, 177, 127, 357],
} as const satisfies Record<string, JointVector>;

const RADIANS = Math.PI / 180;

function radians(degrees: JointVector, scale = 1): JointVector {
  return mapJoints(degrees, (value) => value * scale * RADIANS);
}

const position = { lowest: radians(IN_DEGREES.soft, -1), highest: radians(IN_DEGREES.soft) };
const moving = { acceleration: radians(IN_DEGREES.acceleration), jerk: radians(IN_DEGREES.jerk) };

/** What the guard permits of motion that a policy proposes. */
export const POLICY_LIMITS: MotionLimits = { ...position, ...moving, velocity: radians(IN_DEGREES.policyVelocity) };

/** What the guard permits of homing. */
export const HOME_LIMITS: MotionLimits = { ...position, ...moving, velocity: radians(IN_DEGREES.homeVelocity) };

/** What the guard permits of a stopping ramp; its speed may only fall besides. */
export const STOP_LIMITS: MotionLimits = {
  ...position,
  velocity: POLICY_LIMITS.velocity,
  acceleration: radians(IN_DEGREES.stopAcceleration),
  jerk: radians(IN_DEGREES.stopJerk),
};

/** Compiled ceilings: no table of limits may exceed them. */
export const CEILING = {
  position: radians(IN_DEGREES.ceilingPosition),
  velocity: radians(IN_DEGREES.ceilingVelocity),
} as const;

/** Planners stay this part below what the guard permits: planner < guard < controller < mechanics. */
const PLANNER_PART = 0.95;

/** Planners turn round this far inside the soft limits, rad (0.5 degrees). */
const PLANNER_INSET = 0.5 * RADIANS;

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

/** Largest change of any joint between two frames: 1 degree, where the vendor's stream rule allows 10. */
export const MOST_STEP = 1 * RADIANS;

/** The first setpoint of a stream lies this close to the measured pose: 2 degrees (safety catalogue PO-03). */
export const MOST_FIRST_DISTANCE = 2 * RADIANS;

/** Following error while moving (ML-13): 8 degrees for 50 ms. */
export const FOLLOWING = { error: 8 * RADIANS, lasting: 0.05 as Seconds };

/** Following error while the command stands still (ML-13): 2 degrees for 300 ms. */
export const STANDING = { error: 2 * RADIANS, lasting: 0.3 as Seconds };

/** Maximum ages, seconds. */
export const MOST_AGE = {
  /** AR-09: 20 pushes of 5 ms. */
  armState: 0.1,
  /** OP-01, while a policy moves the arm. */
  operator: 0.5,
  /** HO-05. */
  guardian: 0.1,
  /** HO-01: a tick later than this is skipped, so a setpoint later than this is a bug. */
  setpoint: 0.05,
  /** After a pause this long a stream starts anew and its next setpoint is a first one; the same as HO-04. */
  stream: 0.1,
} as const satisfies Record<string, Seconds>;

/** A stopping ramp takes the acceleration it inherits back at no less than this part of the stopping jerk. */
export const FADE_PART = 0.9;
