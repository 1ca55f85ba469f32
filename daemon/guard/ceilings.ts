import { type JointVector, jointAt } from "../types/units.js";
import type { Limits, MotionLimits } from "./limits.js";

// Interlocks: ML-02, ML-07, ML-08, ML-10, ML-13, PO-03, OP-01, OP-09, AR-09, HO-01, HO-04, HO-05, HO-12.

const DEGREE = Math.PI / 180;

/** What no file of limits may exceed, whoever wrote it; degrees, mm and ms, as the sources give them. */
const CEILING = {
  /** The vendor's hard limits less one degree. */
  position: [177, 129, 177, 134, 177, 127, 357],
  /** Half of the vendor's rated speed. */
  velocity: [90, 90, 110, 110, 110, 110, 110],
  /** The catalogue's row "RECOVERY". */
  recoverVelocity: [5, 5, 5, 5, 10, 10, 10],
  recoverSpeed: 50,
  /** What a real arm reports; a stop may need all of it. */
  acceleration: [600, 600, 600, 600, 600, 600, 600],
  /** Full stopping acceleration within 50 ms. */
  jerk: [12000, 12000, 12000, 12000, 12000, 12000, 12000],
  /** A weaker stop would need another `stopping` time (ML-09 to ML-11). */
  leastStopAcceleration: [300, 300, 400, 400, 600, 600, 600],
  leastStopJerk: [6000, 6000, 8000, 8000, 12000, 12000, 12000],
  /** The rest is the safety catalogue's: a file may only be stricter. */
  step: 1,
  firstDistance: 2,
  following: { error: 8, lasting: 50 },
  standing: { error: 2, lasting: 300 },
  age: { armState: 100, operator: 500, nearOperator: 200, leader: 100, guardian: 100, setpoint: 50, stream: 100 },
  speed: 250,
  leastStopping: 150,
  /** The arm's reach with a hand of 0.2 m: a box beyond it is none. */
  reach: 820,
  leastFingertips: 5,
  leastHousings: 40,
  leastClearance: 20,
} as const satisfies Record<string, unknown>;

/** Every limit that is laxer than its ceiling, in words; empty when all may be used. NaN is laxer. */
export function aboveCeiling(limits: Limits): readonly string[] {
  const found: string[] = [];
  const most = (what: string, value: number, ceiling: number, unit: number): void => {
    if (!(value <= ceiling * unit * (1 + ROUNDING))) {
      found.push(`${what} is ${show(value / unit)}, at most ${ceiling}`);
    }
  };
  const least = (what: string, value: number, floor: number, unit: number): void => {
    if (!(value >= floor * unit * (1 - ROUNDING))) {
      found.push(`${what} is ${show(value / unit)}, at least ${floor}`);
    }
  };
  const eachJoint = (what: string, values: JointVector, ceiling: JointVector, check: typeof most): void => {
    for (const [joint, value] of values.entries()) {
      check(`${what} of J${joint + 1}`, value, jointAt(ceiling, joint), DEGREE);
    }
  };
  const motion = {
    ...{ policy: limits.policy, home: limits.home, teleop: limits.teleop, recover: limits.recover, stop: limits.stop },
  } satisfies Record<string, MotionLimits>;
  for (const [name, bounds] of Object.entries(motion)) {
    eachJoint(`${name} position`, bounds.highest, CEILING.position, most);
    eachJoint(`${name} velocity`, bounds.velocity, CEILING.velocity, most);
    eachJoint(`${name} acceleration`, bounds.acceleration, CEILING.acceleration, most);
    eachJoint(`${name} jerk`, bounds.jerk, CEILING.jerk, most);
  }
  eachJoint("recover velocity", limits.recover.velocity, CEILING.recoverVelocity, most);
  eachJoint("stop acceleration", limits.stop.acceleration, CEILING.leastStopAcceleration, least);
  eachJoint("stop jerk", limits.stop.jerk, CEILING.leastStopJerk, least);
  most("step", limits.mostStep, CEILING.step, DEGREE);
  most("first distance", limits.mostFirstDistance, CEILING.firstDistance, DEGREE);
  most("following error", limits.following.error, CEILING.following.error, DEGREE);
  most("following error's time", limits.following.lasting, CEILING.following.lasting, MILLI);
  most("standing error", limits.standing.error, CEILING.standing.error, DEGREE);
  most("standing error's time", limits.standing.lasting, CEILING.standing.lasting, MILLI);
  most("age of arm state", limits.mostAge.armState, CEILING.age.armState, MILLI);
  most("age of operator", limits.mostAge.operator, CEILING.age.operator, MILLI);
  most("age of operator without a policy", limits.mostAge.nearOperator, CEILING.age.nearOperator, MILLI);
  most("age of leader", limits.mostAge.leader, CEILING.age.leader, MILLI);
  most("age of guardian", limits.mostAge.guardian, CEILING.age.guardian, MILLI);
  most("age of setpoint", limits.mostAge.setpoint, CEILING.age.setpoint, MILLI);
  most("age of stream", limits.mostAge.stream, CEILING.age.stream, MILLI);
  const { cell } = limits;
  most("cartesian speed", cell.speed, CEILING.speed, MILLI);
  most("cartesian speed of recovery", limits.recoverSpeed, CEILING.recoverSpeed, MILLI);
  least("stopping time", cell.stopping, CEILING.leastStopping, MILLI);
  for (const [axis, value] of [...cell.box.lowest, ...cell.box.highest].entries()) {
    most(`box ${"xyzxyz"[axis]}`, Math.abs(value), CEILING.reach + (axis % 3 === 2 ? SHOULDER : 0), MILLI);
  }
  least("fingertips over the table", cell.table.fingertips, CEILING.leastFingertips, MILLI);
  least("housings over the table", cell.table.housings, CEILING.leastHousings, MILLI);
  least("self clearance", cell.clearance, CEILING.leastClearance, MILLI);
  return found;
}

/** mm and ms in SI units. */
const MILLI = 0.001;
/** Height of the shoulder, mm, from which the arm reaches up. */
const SHOULDER = 240.5;
/** Of converting units back and forth. */
const ROUNDING = 1e-9;

function show(value: number): string {
  return String(Number(value.toFixed(3)));
}
