import type { MotionLimits } from "../guard/limits.js";
import { JOINT_COUNT, type JointVector, jointAt, mapJoints, type Seconds } from "../types/units.js";
import { atRest, brakingAcceleration, type JointBounds } from "./joint-braking.js";
import type { MotionState } from "./motion-state.js";

/** Positions still to be sent until the arm stands, one a period; empty when it stands already. */
export type StoppingRamp = readonly JointVector[];

/** A ramp that has not ended after so many periods is a bug. */
const MOST_TICKS = 1000;

/**
 * The way to rest from `state` within `limits`. First each joint's acceleration fades at the bounded jerk, then all
 * joints slow down in the same proportion, so that the motion stays on its straight line in joint space and no joint
 * gets faster. Where that would leave the position limits, each joint brakes by itself as fast as it can.
 */
export function stoppingRamp(state: MotionState, limits: MotionLimits, period: Seconds): StoppingRamp {
  const straight = straightRamp(state, limits, period);
  const end = straight.at(-1) ?? state.q;
  return isInside(end, state.q, limits) ? straight : separateRamp(state, limits, period);
}

function straightRamp(state: MotionState, limits: MotionLimits, period: Seconds): StoppingRamp {
  const ramp: JointVector[] = [];
  let { q, v, a } = state;
  while (a.some((value) => value !== 0) && ramp.length < MOST_TICKS) {
    a = mapJoints(a, (value, joint) => towardsZero(value, jointAt(limits.jerk, joint) * period));
    v = plus(v, a, period);
    q = plus(q, v, period);
    ramp.push(q);
  }
  // The common proportion goes from 1 to 0 like the velocity of a joint whose bounds are the tightest of all seven.
  const bounds = { period, acceleration: tightest(limits.acceleration, v), jerk: tightest(limits.jerk, v) };
  let proportion = 1;
  let change = 0;
  const moves = v.some((value) => !atRest(value, 0, period));
  while (moves && !atRest(proportion, change, period) && ramp.length < MOST_TICKS) {
    change = brakingAcceleration(proportion, change, bounds);
    proportion += change * period;
    q = plus(q, v, proportion * period);
    ramp.push(q);
  }
  return ramp;
}

function separateRamp(state: MotionState, limits: MotionLimits, period: Seconds): StoppingRamp {
  const ramp: JointVector[] = [];
  let { q, v, a } = state;
  const moving = (speed: number, joint: number): boolean => !atRest(speed, jointAt(a, joint), period);
  while (v.some(moving) && ramp.length < MOST_TICKS) {
    a = mapJoints(v, (speed, joint) =>
      brakingAcceleration(speed, jointAt(a, joint), jointBounds(limits, joint, period)),
    );
    v = plus(v, a, period);
    q = plus(q, v, period);
    ramp.push(q);
  }
  return ramp;
}

function isInside(end: JointVector, start: JointVector, limits: MotionLimits): boolean {
  for (let joint = 0; joint < JOINT_COUNT; joint++) {
    const lowest = Math.min(jointAt(limits.lowest, joint), jointAt(start, joint));
    const highest = Math.max(jointAt(limits.highest, joint), jointAt(start, joint));
    if (jointAt(end, joint) < lowest || jointAt(end, joint) > highest) {
      return false;
    }
  }
  return true;
}

function jointBounds(limits: MotionLimits, joint: number, period: Seconds): JointBounds {
  return { period, acceleration: jointAt(limits.acceleration, joint), jerk: jointAt(limits.jerk, joint) };
}

/** The smallest limit over speed of all moving joints: per second (or second squared) of the common proportion. */
function tightest(limit: JointVector, v: JointVector): number {
  return Math.min(...v.map((speed, joint) => (speed === 0 ? Infinity : jointAt(limit, joint) / Math.abs(speed))));
}

function towardsZero(value: number, step: number): number {
  return Math.abs(value) <= step ? 0 : value - Math.sign(value) * step;
}

function plus(vector: JointVector, rate: JointVector, period: Seconds): JointVector {
  return mapJoints(vector, (value, joint) => value + jointAt(rate, joint) * period);
}
