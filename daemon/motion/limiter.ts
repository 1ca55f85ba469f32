import type { MotionLimits } from "../guard/limits.js";
import { type JointVector, jointAt, mapJoints, type Seconds } from "../types/units.js";
import {
  accelerationFor,
  brakingAcceleration,
  brakingDistance,
  brakingReach,
  type JointBounds,
} from "./joint-braking.js";
import type { MotionState } from "./motion-state.js";
import { risingRoot } from "./root-search.js";

// Interlocks: ML-01, ML-03, ML-05, ML-06.

/** Where the motion should be one period from now, and how fast it should move there. */
export interface Demand {
  /** rad */
  readonly q: JointVector;
  /** rad/s */
  readonly v: JointVector;
}

/** One joint of a step: its bounds, its state now and what is asked of it one period from now. */
interface JointStep extends JointBounds {
  readonly lowest: number;
  readonly highest: number;
  readonly velocity: number;
  readonly q: number;
  readonly v: number;
  readonly a: number;
  readonly targetQ: number;
  readonly targetV: number;
}

/**
 * Follows a demand as closely as bounded position, velocity, acceleration and jerk allow; one period per call.
 *
 * A step is taken only if braking from its end still keeps every bound; braking is always such a step, so from a state
 * inside the bounds every later state is inside too. Within that, each joint takes the time-optimal step: the hardest
 * acceleration from which braking into the moving target does not overshoot it. A demand inside the bounds is met
 * exactly after a few periods, and there is no gain to tune.
 */
export function limitedStep(state: MotionState, demand: Demand, limits: MotionLimits, period: Seconds): MotionState {
  const a = mapJoints(state.q, (q, joint) =>
    stepAcceleration({
      period,
      q,
      v: jointAt(state.v, joint),
      a: jointAt(state.a, joint),
      lowest: jointAt(limits.lowest, joint),
      highest: jointAt(limits.highest, joint),
      velocity: jointAt(limits.velocity, joint),
      acceleration: jointAt(limits.acceleration, joint),
      jerk: jointAt(limits.jerk, joint),
      targetQ: jointAt(demand.q, joint),
      targetV: jointAt(demand.v, joint),
    }),
  );
  const v = mapJoints(state.v, (value, joint) => value + jointAt(a, joint) * period);
  const q = mapJoints(state.q, (value, joint) => value + jointAt(v, joint) * period);
  return { q, v, a };
}

function stepAcceleration(step: JointStep): number {
  const { v, a, jerk, period } = step;
  const change = jerk * period;
  // A velocity bound that fell below the present velocity is reached as fast as acceleration and jerk allow, no faster.
  const allowed = (acceleration: number): number =>
    clamped(clamped(acceleration, -step.acceleration, step.acceleration), a - change, a + change);
  // Velocity includes what the acceleration still adds while it fades.
  const lower = allowed(accelerationFor(-step.velocity - v, jerk, period));
  const upper = allowed(accelerationFor(step.velocity - v, jerk, period));
  return keptInside(step, trackingAcceleration(step, lower, upper));
}

function clamped(value: number, lowest: number, highest: number): number {
  return Math.min(Math.max(value, lowest), highest);
}

/** The acceleration in [lower, upper] from which braking into the target's velocity ends nearest to the target. */
function trackingAcceleration(step: JointStep, lower: number, upper: number): number {
  const { q, v, period } = step;
  const targetV = clamped(step.targetV, -step.velocity, step.velocity);
  /** How far braking from the end of this step would carry past the target; grows with the acceleration. */
  const overshoot = (acceleration: number): number => {
    const next = v + acceleration * period;
    return q + next * period - step.targetQ + brakingDistance(next - targetV, acceleration, step);
  };
  return risingRoot(overshoot, lower, upper);
}

/** The acceleration nearest to `wanted` from which braking still ends inside the position limits. */
function keptInside(step: JointStep, wanted: number): number {
  if (braking(step, wanted) <= 0) {
    return wanted;
  }
  let safe = brakingAcceleration(step.v, step.a, step);
  let unsafe = wanted;
  for (let round = 0; round < ROUNDS; round++) {
    const middle = (safe + unsafe) / 2;
    if (braking(step, middle) <= 0) {
      safe = middle;
    } else {
      unsafe = middle;
    }
  }
  return safe;
}

/** How far outside the position limits a joint would come that takes `acceleration` and then brakes; <= 0 is inside. */
function braking(step: JointStep, acceleration: number): number {
  const { q, period } = step;
  const v = step.v + acceleration * period;
  // A joint that is outside already may come back, only not go further.
  const highest = Math.max(step.highest, q);
  const lowest = Math.min(step.lowest, q);
  const next = q + v * period;
  const over = Math.max(next, next + brakingReach(v, acceleration, step)) - highest;
  const under = lowest - Math.min(next, next - brakingReach(-v, -acceleration, step));
  return Math.max(over, under);
}

/** Halvings of an interval of accelerations, at most 100 rad/s2 wide, down to 1e-13 rad/s2. */
const ROUNDS = 50;
