/**
 * Braking of one joint in discrete time. A command is a row of positions one period apart; velocity and acceleration
 * are its backward differences, and jerk the difference of accelerations, so bounds hold for exactly what is sent.
 * Each function works in rad and seconds, or in any other unit of length.
 */

/** Bounds of one joint's motion. */
export interface JointBounds {
  /** rad/s2 */
  readonly acceleration: number;
  /** rad/s3 */
  readonly jerk: number;
  /** Of the stream, seconds. */
  readonly period: number;
}

/** Below this speed (and this acceleration times the period) a joint is at rest: 6e-9 degrees a second. */
const REST = 1e-10;

/** A ramp that has not ended after so many periods is a bug. */
const MOST_TICKS = 5000;

/**
 * The acceleration of the next period after which, fading at the bounded jerk, velocity will have changed by exactly
 * `dv`. With u = |a|/(jT) and m = floor(u), the period itself and the fade change velocity by jT^2 (m+1)(u - m/2).
 */
export function accelerationFor(dv: number, jerk: number, period: number): number {
  const steps = Math.abs(dv) / (jerk * period * period);
  const whole = Math.floor((Math.sqrt(1 + 8 * steps) - 1) / 2);
  return Math.sign(dv) * (steps / (whole + 1) + whole / 2) * jerk * period;
}

/** The acceleration of the next period on the fastest way to rest. */
export function brakingAcceleration(v: number, a: number, bounds: JointBounds): number {
  const change = bounds.jerk * bounds.period;
  const lowest = Math.max(a - change, -bounds.acceleration);
  const highest = Math.min(a + change, bounds.acceleration);
  return Math.min(Math.max(accelerationFor(-v, bounds.jerk, bounds.period), lowest), highest);
}

/** True when the joint neither moves nor is about to. */
export function atRest(v: number, a: number, period: number): boolean {
  return Math.abs(v) < REST && Math.abs(a) * period < REST;
}

/** Net distance from here to rest by the fastest braking; signed. */
export function brakingDistance(v: number, a: number, bounds: JointBounds): number {
  let distance = 0;
  for (let tick = 0; tick < MOST_TICKS && !atRest(v, a, bounds.period); tick++) {
    a = brakingAcceleration(v, a, bounds);
    v += a * bounds.period;
    distance += v * bounds.period;
  }
  return distance;
}

/** How far in the positive direction the fastest braking still carries; never negative. */
export function brakingReach(v: number, a: number, bounds: JointBounds): number {
  let distance = 0;
  let furthest = 0;
  for (let tick = 0; tick < MOST_TICKS && !atRest(v, a, bounds.period); tick++) {
    a = brakingAcceleration(v, a, bounds);
    v += a * bounds.period;
    distance += v * bounds.period;
    furthest = Math.max(furthest, distance);
  }
  return furthest;
}
